import { expect, test } from "vitest";
import { devicesFile, lowestFree, mountPointOf } from "../cloud/volume-files";

test("a host's devices: an NVMe node and the link by the volume's id", () => {
  expect(devicesFile([{ volumeId: "vol-0123abcd", index: 1, major: 7, minor: 3 }])).toBe(
    "b+ /dev/nvme1n1 0660 root disk - 7:3\nL+ /dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123abcd - - - - ../../nvme1n1\n",
  );
  expect(devicesFile([])).toBe("");
});

test("a device's mount point is found by its number", () => {
  const mountinfo = "22 1 254:0 / / rw - ext4 /dev/vda rw\n30 22 7:3 / /data rw,relatime - ext4 /dev/nvme1n1 rw\n";
  expect(mountPointOf(mountinfo, 7, 3)).toBe("/data");
  expect(mountPointOf(mountinfo, 7, 30)).toBeNull();
});

test("the lowest free number is taken", () => {
  expect([lowestFree([]), lowestFree([1, 3]), lowestFree([2])]).toEqual([1, 2, 1]);
});
