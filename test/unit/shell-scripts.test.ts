import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { disarmScript, drainScript, pageScript, proofScript } from "../../infra/host/commands/activate-script";
import { searchFilesScript } from "../../infra/host/commands/backend-inspection";
import { continuityScript } from "../../infra/host/commands/continuity";
import { hostTracesScript, variableNamesScript } from "../../infra/host/commands/diagnosis-script";
import { fetchScript, spaceScript } from "../../infra/host/commands/fetch-script";
import { keepFilesScript } from "../../infra/host/commands/kept-files";
import { closeScript, openScript } from "../../infra/host/commands/maintenance";
import { hostPaths } from "../../infra/host/commands/paths";
import {
  manifestScript,
  mountCopyScript,
  restoreFilesScript,
  unmountCopyScript,
} from "../../infra/host/commands/shared-files";
import { writeFileScript } from "../../infra/host/commands/shell";
import { fillScript, journalScript, stopScript } from "../../infra/host/commands/stage-script";
import { installScript } from "../../infra/host/commands/user-data";

const application = "prompt-library";
const paths = hostPaths(application);
const digest = "f".repeat(64);
const golden = "test/golden/commands";

/** Scripts that no golden file holds: what is awkward to quote is in their arguments. */
const rendered: Record<string, string> = {
  "drainScript.sh": drainScript(paths, "green", 30),
  "pageScript.sh": pageScript(8102),
  "proofScript.sh": proofScript({ previewPort: 8102, healthPath: "/api/health", releaseField: "a.b", release: "it's" }),
  "disarmScript.sh": disarmScript(application),
  "continuityScript.sh": continuityScript("/etc/a file", ["ENCRYPTION_KEY", "JWT_SECRET"], "it's"),
  "hostTracesScript.sh": hostTracesScript(application, paths),
  "variableNamesScript.sh": variableNamesScript(paths, "blue"),
  "fetchScript.sh": fetchScript({
    region: "eu-central-1",
    bucket: "artifacts",
    object: "artifacts/a file",
    archive: "/srv/a file",
    digest,
    release: "it's",
  }),
  "keepFilesScript.sh": keepFilesScript(paths),
  "spaceScript.sh": spaceScript({ releases: paths.releases, release: "it's", bytes: 1, reserveBytes: 1 }),
  "closeScript.sh": closeScript(paths),
  "openScript.sh": openScript(paths),
  "installScript.sh": installScript(),
  "searchFilesScript.sh": searchFilesScript("/srv/a file", ["it's"]),
  "manifestScript.sh": manifestScript("/srv/a file"),
  "mountCopyScript.sh": mountCopyScript("vol-0123456789abcdef0", "/run/a copy"),
  "unmountCopyScript.sh": unmountCopyScript("/run/a copy"),
  "restoreFilesScript.sh": restoreFilesScript("/run/a copy", paths.shared),
  "journalScript.sh": journalScript(application, "blue", 20),
  "fillScript.sh": fillScript({
    ...{ application, paths, slot: "blue", digest, sharedDirectories: ["data"] },
    ...{ environment: "A=1\n", unit: "[Service]\n", record: { path: "/var/a file", content: "{}" } },
  }),
  "writeFileScript.sh": writeFileScript("/etc/a file", "content\n"),
  "stopScript.sh": stopScript(application, "blue"),
};

test("shellcheck finds nothing in any script that runs on the host", async () => {
  const directory = await mkdtemp(join(tmpdir(), "shellcheck-"));
  try {
    const texts = new Map(Object.entries(rendered));
    for (const name of await readdir(golden))
      if (name.endsWith(".sh")) texts.set(name, await readFile(join(golden, name), "utf8"));
    expect(texts.size).toBeGreaterThan(30);
    // As the host runs them: `bash -euo pipefail`.
    for (const [name, text] of texts) await writeFile(join(directory, name), `set -euo pipefail\n${text}`);
    const { stdout } = await execa("shellcheck", ["--shell=bash", "--severity=style", ...texts.keys()], {
      cwd: directory,
      reject: false,
    });
    expect(stdout).toBe("");
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test("every script's builder is rendered here or has a golden file", async () => {
  const folder = "infra/host/commands";
  const builders: string[] = [];
  for (const file of await readdir(folder))
    for (const [, name = ""] of (await readFile(join(folder, file), "utf8")).matchAll(
      /^export function (\w+Script)\(/gm,
    ))
      builders.push(name);
  const tests = (await readdir("test/unit")).map((name) => readFile(join("test/unit", name), "utf8"));
  const texts = (await Promise.all(tests)).join("\n");
  const isRendered = (name: string) =>
    `${name}.sh` in rendered || new RegExp(`\\b${name}\\([^;]*golden/commands|": ${name}\\(`, "s").test(texts);
  expect(builders.filter((name) => !isRendered(name))).toEqual([]);
});
