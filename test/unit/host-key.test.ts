import { describe, expect, test } from "vitest";
import { hostKeyIn } from "../../infra/host/commands/host-key";

const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5${"AAAAIB".padEnd(48, "x")}`;
const printed = (line: string) =>
  [
    "[    4.1] cloud-init[512]: Generating public/private ed25519 key pair.",
    "<14>Nov 26 01:00:00 cloud-init: 256 SHA256:abc root@ip-10-20-0-4 (ED25519)",
    "-----BEGIN SSH HOST KEY KEYS-----",
    line,
    "-----END SSH HOST KEY KEYS-----",
    "[   21.0] cloud-init[700]: Cloud-init v. 22.4.2 finished",
    "",
  ].join("\r\n");

describe("a host's key on its console", () => {
  test.each([
    ["as cloud-init prints it", printed(`${key} root@ip-10-20-0-4`), key],
    ["after an RSA key", printed(`ssh-rsa AAAAB3 root@host\r\n${key}`), key],
    ["the last one, where the host was rebuilt", printed(key) + printed(key.replace("x", "y")), key.replace("x", "y")],
    ["not yet there", "[    4.1] Booting", undefined],
    ["torn apart by a line of the kernel's", printed(`${key.slice(0, 60)}[   20.1] eth0: link up`), undefined],
    ["outside of what cloud-init prints", `${key}\r\n`, undefined],
  ])("%s", (_, text, found) => {
    expect(hostKeyIn(text)).toBe(found);
  });
});
