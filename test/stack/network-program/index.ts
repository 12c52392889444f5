import { Network } from "../../../infra/stack/network";

const network = new Network("network", {
  cidrBlock: "10.20.0.0/16",
  sshFrom: ["192.0.2.0/24"],
  httpsFrom: ["0.0.0.0/0"],
});

export const zone = network.availabilityZone;
