import { createHash } from "node:crypto";
import { resolve } from "node:path";

/** Everything that a cloud makes on this machine bears its id, so that two clouds never touch each other's things. */
export interface CloudNames {
  /** Six hex digits, from the home's path: the same home, the same names. */
  id: string;
  home: string;
  /** The network namespace in which the daemon, moto and the databases live; hosts have namespaces of their own beside it. */
  network: string;
  /** Disks, databases and snapshots: outside the home, since postgres' user must be able to walk there. Gone at `stop`. */
  state: string;
}

export function cloudNames(home: string): CloudNames {
  const path = resolve(home);
  const id = createHash("sha256").update(path).digest("hex").slice(0, 6);
  return { id, home: path, network: `plc-${id}`, state: `/var/lib/prompt-library-cloud/${id}` };
}

/** Network namespace, control group and machine name of an instance such as `i-0123456789abcdef0`. */
export function hostNamespace(names: CloudNames, instanceId: string): string {
  return `${names.network}-${instanceId.slice(-8)}`;
}

/** The router's end of the instance's veth pair; Linux allows 15 characters. */
export function hostInterface(instanceId: string): string {
  return `host${instanceId.slice(-8)}`;
}

/** Inherited by whatever the cloud starts: what bears it was started by this cloud, whatever its process id. */
export const markerVariable = "PROMPT_LIBRARY_CLOUD";

/** Where all that is outside a VPC answers, link-local as in many clouds, and Amazon's address of the metadata service. */
export const gatewayAddress = "169.254.1.1";
/** What answers in place of the providers of AI; hosts know it by this name. */
export const providersName = "providers.local-cloud.example";
export const metadataAddress = "169.254.169.254";
