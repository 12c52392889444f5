import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Log } from "./build-once";
import { pythonEnvironment } from "./python";

export const motoVersion = "5.2.1";

/** The path of moto's server program, installed from PyPI into the cache where it isn't yet (20 s; then some milliseconds). */
export async function motoServer(log: Log = () => {}): Promise<string> {
  return join(await pythonEnvironment("moto", [`moto[server]==${motoVersion}`], log), "moto_server");
}

/** Where botocore, which moto brings, keeps its descriptions of Amazon's services. @param program the path of moto's server */
export async function botocoreDescriptions(program: string): Promise<string> {
  const libraries = join(dirname(dirname(program)), "lib");
  const [python = ""] = (await readdir(libraries)).filter((name) => name.startsWith("python3"));
  return join(libraries, python, "site-packages/botocore/data");
}
