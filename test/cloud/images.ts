/**
 * The images that DescribeImages knows: one, under the name and owner of Debian's for Amazon. moto has no Debian of its own.
 * Without a date: moto reads the list again for each region, and chokes the second time on a date that it has parsed.
 */
export const machineImages = [
  {
    ami_id: "ami-0deb1200000000000",
    name: "debian-12-amd64-20250316-2053",
    description: "Debian 12, as the local cloud boots it",
    owner_id: "136693071363",
    public: true,
    virtualization_type: "hvm",
    architecture: "x86_64",
    state: "available",
    platform: null,
    image_type: "machine",
    hypervisor: "xen",
    root_device_name: "/dev/xvda",
    root_device_type: "ebs",
    sriov: "simple",
    image_location: "amazon/debian-12-amd64-20250316-2053",
  },
];
