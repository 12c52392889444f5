import { join } from "node:path";
import { execa } from "execa";
import { cacheDirectory } from "../cache";
import { buildOnce, hashOf, type Log } from "./build-once";

/** PyPI packages, pinned (`name==version`), in an environment of their own in the cache. Returns its directory of programs. */
export async function pythonEnvironment(name: string, requirements: readonly string[], log: Log): Promise<string> {
  const python = process.env.PYTHON ?? "python3";
  const version = (await execa(python, ["--version"], { reject: false })).stdout;
  if (!version) {
    throw new Error(
      `${python} does not run, and ${requirements.join(", ")} need(s) it. Install Python 3.9 or newer with its venv module ` +
        `(Debian, Ubuntu: apt install python3 python3-venv), or name another by PYTHON=/path/to/python3.`,
    );
  }
  const directory = cacheDirectory("toolchain", `${name}-${hashOf([version, requirements])}`);
  await buildOnce(directory, log, async (building) => {
    log(`installing ${requirements.join(", ")} from PyPI`);
    const environment = await execa(python, ["-m", "venv", building], { reject: false, all: true });
    if (environment.failed) {
      throw new Error(
        `${python} -m venv failed: its venv module is missing or broken (Debian, Ubuntu: apt install python3-venv).\n${environment.all}`,
      );
    }
    const pip = await execa(
      join(building, "bin/python"),
      ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", ...requirements],
      { reject: false, all: true },
    );
    if (pip.failed) throw new Error(`pip could not install ${requirements.join(", ")}. Is PyPI reachable?\n${pip.all}`);
  });
  return join(directory, "bin");
}
