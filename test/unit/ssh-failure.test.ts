import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HostRefused, HostUnreached } from "../../infra/core/failure";
import { RemoteHost } from "../../infra/host/remote-host";
import { openTunnel } from "../../infra/host/tunnel";

// Both keys, and the words below, are those of OpenSSH 9.2 against a real host.
const pinned = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
const pinnedFingerprint = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU";
const changed = `@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Someone could be eavesdropping on you right now (man-in-the-middle attack)!
It is also possible that a host key has just been changed.
The fingerprint for the ED25519 key sent by the remote host is
SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM.
Please contact your system administrator.
Add correct host key in /tmp/deployment-ssh-1-AbCdEf/known_hosts to get rid of this message.
Offending ED25519 key in /tmp/deployment-ssh-1-AbCdEf/known_hosts:1
Host key for deployment-host has changed and you have requested strict checking.
Host key verification failed.`;
const denied = "admin@203.0.113.7: Permission denied (publickey).";
const timedOut = "ssh: connect to host 203.0.113.7 port 22: Connection timed out";

const host = { address: "203.0.113.7", user: "admin", publicKey: pinned };
const path = process.env.PATH;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "ssh-failure-"));
  process.env.PATH = `${directory}:${path}`;
});

afterEach(async () => {
  process.env.PATH = path;
  delete process.env.PULUMI_CONFIG;
  await rm(directory, { recursive: true, force: true });
});

/** In the place of ssh, which needs a host. */
async function sshSays(words: string, exitCode = 255): Promise<void> {
  await writeFile(join(directory, "words"), `${words}\n`);
  await writeFile(
    join(directory, "ssh"),
    `#!/bin/sh\nenv > ${directory}/environment\ncat ${directory}/words >&2\nexit ${exitCode}\n`,
  );
  await chmod(join(directory, "ssh"), 0o755);
}

async function failureOf(words: string): Promise<HostUnreached> {
  await sshSays(words);
  const error = await new RemoteHost(host, "key").run("looking", "true").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(HostUnreached);
  return error as HostUnreached;
}

test("a changed host key is told as that: which key was shown, which is pinned, and what to do", async () => {
  const failure = await failureOf(changed);
  expect(failure).toBeInstanceOf(HostRefused);
  expect(failure.message).toContain("SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM");
  expect(failure.message).toContain(pinnedFingerprint);
  expect(failure.message).not.toContain("not reached");
  expect(failure.remedy).toContain("aws ec2 describe-addresses --public-ips 203.0.113.7");
});

test("a host that does not know our key is told as that", async () => {
  const failure = await failureOf(denied);
  expect(failure).toBeInstanceOf(HostRefused);
  expect(failure.message).toContain("does not accept this stack's key for admin");
});

test("a host that is out of reach is worth another try", async () => {
  expect(await failureOf(timedOut)).not.toBeInstanceOf(HostRefused);
});

test("a step that meets a host of another key does not try again", async () => {
  await sshSays(changed);
  const startedAt = Date.now();
  await expect(new RemoteHost(host, "key").runWhole("changing", "true")).rejects.toBeInstanceOf(HostRefused);
  expect(Date.now() - startedAt).toBeLessThan(10_000);
});

test("the tunnel says it too, and its ssh inherits no secret", async () => {
  process.env.PULUMI_CONFIG = "canary";
  await sshSays(changed);
  const told = await new Promise<string>((resolve, reject) => {
    openTunnel({
      host,
      files: { privateKey: "key", knownHosts: "known_hosts" },
      localPort: 0,
      target: { address: "127.0.0.1", port: 1 },
      deadlineMs: 100,
      onFailure: resolve,
    })
      .then((tunnel) => connect(tunnel.localPort, "127.0.0.1").on("error", () => undefined))
      .catch(reject);
  });
  expect(told).toContain("another host key");
  expect(told).toContain(pinnedFingerprint);
  const environment = await readFile(join(directory, "environment"), "utf8");
  expect(environment).toMatch(/^PATH=/m);
  expect(environment.includes("canary")).toBe(false);
});
