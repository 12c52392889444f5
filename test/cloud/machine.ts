import { existsSync } from "node:fs";
import { execa } from "execa";
import type { Log } from "../toolchain/build-once";

/** A file that tells that a package is there, and the Debian package that brings it. */
const needs: [file: string, debianPackage: string][] = [
  ["/usr/bin/systemd-nspawn", "systemd-container"],
  ["/usr/bin/mmdebstrap", "mmdebstrap"],
  ["/usr/lib/postgresql/15/bin/postgres", "postgresql-15"],
  ["/usr/bin/psql", "postgresql-client"],
  ["/usr/bin/openssl", "openssl"],
  ["/usr/bin/ssh", "openssh-client"],
  ["/usr/bin/setpriv", "util-linux"],
  ["/sbin/losetup", "mount"],
  ["/sbin/ip", "iproute2"],
  ["/usr/sbin/nft", "nftables"],
];

/** Refuses a machine on which it can't work, saying why; installs what is missing by apt. */
export async function prepareMachine(log: Log): Promise<void> {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    throw new Error(
      "the local cloud boots hosts and databases in namespaces of its own: it needs Linux and root (try sudo -E)",
    );
  const missing = needs.filter(([file]) => !existsSync(file)).map(([, name]) => name);
  if (missing.length === 0) return;
  if (!existsSync("/usr/bin/apt-get"))
    throw new Error(
      `the local cloud lacks ${missing.join(", ")} (Debian's names) and finds no apt-get to install them by`,
    );
  log(`installing ${missing.join(", ")} by apt`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await execa("apt-get", ["update", "-q"], { env, reject: false });
  const { failed, all } = await execa("apt-get", ["install", "-qy", "--no-install-recommends", ...missing], {
    env,
    all: true,
    reject: false,
  });
  if (failed)
    throw new Error(`apt-get could not install ${missing.join(", ")}:\n${all?.split("\n").slice(-15).join("\n")}`);
}
