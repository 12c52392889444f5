import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { issueCertificate, type KeyKind } from "../rehearsal/certificates";
import { judges } from "../toolchain/judges";
import { type Front, startFront } from "./front";

const publicName = "prompts.example";
let programs: Awaited<ReturnType<typeof judges>>;

beforeAll(async () => {
  programs = await judges(console.error);
});

async function withFront(kind: KeyKind, work: (front: Front, root: string) => Promise<void>): Promise<void> {
  const issued = await issueCertificate(publicName, kind);
  const front = await startFront(issued, { network: { publicName } });
  try {
    await writeFile(join(front.root, "root.pem"), issued.root);
    await work(front, join(front.root, "root.pem"));
  } finally {
    await front.stop();
  }
}

describe("sslyze finds TLS as Mozilla's profile intermediate asks", () => {
  test.each<KeyKind>(["ecdsa", "rsa"])("with a certificate of %s", async (kind) => {
    await withFront(kind, async ({ address }, root) => {
      const { stdout, exitCode } = await execa(
        programs.sslyze,
        [
          ...["--mozilla_config=intermediate", `--sni=${publicName}`, "--certinfo", `--certinfo_ca_file=${root}`],
          `${address}:443`,
        ],
        { reject: false, timeout: 50_000 },
      );
      expect(stdout.slice(stdout.indexOf("COMPLIANCE"))).toContain(`${address}:443: OK - Compliant.`);
      expect(exitCode).toBe(0);
    });
  });
});

/** What gixy says and why it stays. */
const accepted: Readonly<Record<string, string>> = {
  try_files_is_evil_too:
    "it asks for open_file_cache, which would go on serving the files of a release after the link was switched to another",
};

test("gixy finds nothing in nginx's configuration but what is accepted here", async () => {
  await withFront("ecdsa", async ({ nginxConfig }) => {
    const { stdout } = await execa(programs.gixy, ["--format=json", nginxConfig], {
      reject: false,
      timeout: 50_000,
    });
    const found = JSON.parse(stdout) as { plugin: string; severity: string; reason: string }[];
    expect(found.filter(({ plugin }) => !(plugin in accepted))).toEqual([]);
    expect([...new Set(found.map(({ plugin }) => plugin))].sort()).toEqual(Object.keys(accepted).sort());
  });
});
