import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isPortFree } from "../../infra/core/port";

/**
 * Below those that the system hands out for outgoing connections: one of them could be taken at the next start. Above those from which a
 * rehearsal takes its tunnel's.
 */
const kept = { from: 25_432, to: 32_768 };
const tries = 50;

/** The same port at each start, as long as nobody else took it: stacks hold the endpoint in their environment. */
export async function usualPort(home: string): Promise<number> {
  const file = join(home, "port");
  const remembered = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  let port = remembered;
  for (let tried = 0; !(isKept(port) && (await isPortFree(port))); tried += 1) {
    if (tried === tries) throw new Error(`no free port on 127.0.0.1 from ${kept.from} to ${kept.to - 1}`);
    port = randomInt(kept.from, kept.to);
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, String(port));
  return port;
}

function isKept(port: number): boolean {
  return port >= kept.from && port < kept.to;
}
