import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { usualPort } from "../cloud/usual-port";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "cloud-port-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** What the system hands out to whoever connects. */
async function outgoing(): Promise<number[]> {
  return (await readFile("/proc/sys/net/ipv4/ip_local_port_range", "utf8")).trim().split(/\s+/).map(Number);
}

test("a cloud's port is kept, and is none that the system hands out to whoever connects", async () => {
  const [first = 0, last = 0] = await outgoing();
  const port = await usualPort(home);
  expect(port < first || port > last, `${port} is within ${first} to ${last}`).toBe(true);
  expect(await usualPort(home)).toBe(port);
});

test("one that an earlier version kept within that range is given up", async () => {
  const [first = 0] = await outgoing();
  await writeFile(join(home, "port"), String(first + 1));
  expect(await usualPort(home)).toBeLessThan(first);
});

test("one that somebody else listens on is replaced by another", async () => {
  const port = await usualPort(home);
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  try {
    expect(await usualPort(home)).not.toBe(port);
  } finally {
    server.close();
    await once(server, "close");
  }
});
