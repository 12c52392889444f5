import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openTunnel } from "../../infra/host/tunnel";

test("a tunnel that is closed ends the connections that a client would keep", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tunnel-"));
  const path = process.env.PATH;
  try {
    // In the place of ssh, which needs a host: it gives back what it is given.
    await writeFile(join(directory, "ssh"), "#!/bin/sh\nexec cat\n");
    await chmod(join(directory, "ssh"), 0o755);
    process.env.PATH = `${directory}:${path}`;
    const tunnel = await openTunnel({
      host: { address: "host", user: "root", publicKey: "ssh-ed25519 A" },
      files: { privateKey: "key", knownHosts: "known_hosts" },
      localPort: 0,
      target: { address: "127.0.0.1", port: 1 },
      deadlineMs: 5_000,
      onFailure: () => undefined,
    });
    const client = connect(tunnel.localPort, "127.0.0.1");
    client.on("error", () => undefined);
    client.write("asked");
    expect(String((await once(client, "data"))[0])).toBe("asked");
    const ended = once(client, "close");
    tunnel.close();
    await ended;
  } finally {
    process.env.PATH = path;
    await rm(directory, { recursive: true, force: true });
  }
});
