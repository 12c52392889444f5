import { createHash } from "node:crypto";
import { Failure, HostRefused, HostUnreached } from "../core/failure";
import type { Ended } from "../core/program";
import type { HostAddress } from "./commands/ssh";

/** What a failed ssh, or what it ran on the host, means to the operator. */
export function explainSsh(what: string, host: HostAddress, ended: Ended): Failure {
  const words = ended.stderr.trim();
  if (ended.isLate)
    return new HostUnreached(
      "host-late",
      `${what} on ${host.address} did not end in time; so far: ${words}`,
      "look at the host, then run pulumi up again",
    );
  if (ended.exitCode === 255)
    return (
      explainRefusal(host, words) ??
      new HostUnreached(
        "host-unreached",
        `the host ${host.address} was not reached for ${what}: ${words}`,
        "is the host running, and is this machine's address in network.sshFrom? Then pulumi up again",
      )
    );
  return new Failure(
    "host-command-failed",
    `${what} on ${host.address} ${ended.how}: ${words || ended.stdout.trim()}`,
    "",
  );
}

/**
 * Where somebody answers at the host's address, and either is not the host or does not know us: asking again can't help.
 * @param words what ssh said on stderr
 */
export function explainRefusal(host: HostAddress, words: string): HostRefused | undefined {
  if (/Host key verification failed|no matching host key type found/.test(words)) {
    const shown = /SHA256:[\w+/]+/.exec(words)?.[0] ?? "none of the pinned key's type";
    return new HostRefused(
      "host-key-changed",
      `${host.address} answered with another host key than this stack's host has: ${shown}; the host's console showed ${fingerprint(host.publicKey)}. Nothing was sent`,
      `find out why before you continue. Is the address still that host's: aws ec2 describe-addresses --public-ips ${host.address}. ` +
        "Which key does its console show now: aws ec2 get-console-output --latest --output text --instance-id ID. " +
        "If it shows the new one, somebody rebuilt the host: pulumi up --replace URN, of the stack's host-key, reads it again. Otherwise another machine answers in its place",
    );
  }
  if (/Permission denied \(/.test(words))
    return new HostRefused(
      "host-key-refused",
      `the host ${host.address} does not accept this stack's key for ${host.user}: ${words}`,
      "secrets.sshPrivateKey must belong to keys.ssh, and keys.ssh must be in the host's authorized_keys; host.sshUser must be the user of its image",
    );
  return undefined;
}

/** As ssh shows it. */
function fingerprint(publicKey: string): string {
  const key = Buffer.from(publicKey.split(" ")[1] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}
