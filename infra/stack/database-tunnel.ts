import * as pulumi from "@pulumi/pulumi";
import { currentAddress, type Located } from "../host/current-address";
import { writeSshIdentity } from "../host/ssh-identity";
import { openTunnel } from "../host/tunnel";

export interface DatabaseTunnelArgs {
  host: pulumi.Input<{ [key in keyof Located]: pulumi.Input<Located[key]> }>;
  user: string;
  privateKey: string;
  localPort: number;
  target: { address: pulumi.Input<string>; port: pulumi.Input<number> };
}

/** A new host boots and runs its user data in 10 to 120 s. */
const hostDeadlineMs = 300_000;

/** The program's way to a private database: open while the program runs, and not at all in a preview. */
export class DatabaseTunnel {
  /** The local port. The same number in a preview, since provider settings are compared. */
  readonly port: pulumi.Output<number>;

  constructor(args: DatabaseTunnelArgs) {
    this.port = pulumi.output(args).apply(async ({ host: located, user, privateKey, localPort, target }) => {
      if (!pulumi.runtime.isDryRun()) {
        endWithParent();
        const host = { address: await currentAddress(located, privateKey), user, publicKey: located.publicKey };
        await openTunnel({
          host,
          files: { ...writeSshIdentity(host, privateKey), controlPath: undefined },
          localPort,
          target,
          deadlineMs: hostDeadlineMs,
          onFailure: (message) => void pulumi.log.error(message),
        }).catch(async (error: unknown) => {
          // Pulumi shows a rejected output as a chain of whatever depends on it: what to do is said before.
          await pulumi.log.error(error instanceof Error ? error.message : String(error));
          throw error;
        });
      }
      return localPort;
    });
  }
}

/** An engine that was killed leaves its program behind, which would hold the tunnel's port against the next run. */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
  }, 1000).unref();
}
