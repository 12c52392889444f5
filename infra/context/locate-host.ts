import { currentAddress } from "../host/current-address";
import type { StepInput } from "./input";

/** The same input with the address at which its host answers now: not yet the elastic one where it replaces another host. */
export async function locateHost(input: StepInput): Promise<StepInput> {
  const { host, settings } = input;
  const located = {
    region: settings.target.region,
    instanceId: host.id,
    publicAddress: host.address,
    publicKey: host.publicKey,
  };
  return {
    ...input,
    host: { ...host, address: await currentAddress(located, settings.secrets.sshPrivateKey) },
  };
}
