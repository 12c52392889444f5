import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { majors, type Server, serverOf } from "../database/servers";
import { type ApiResponse, Refusal } from "./api";
import { allowedExtensions, extensionGrants, trustedControl } from "./database-files";
import { markerVariable } from "./names";

/** @throws Refusal, in RDS's words, for a version that this cloud does not serve */
export function majorOf(version: string): number {
  const major = majors.find((one) => String(one) === version || version.startsWith(`${one}.`));
  if (major === undefined || !/^\d+(\.\d+)?$/.test(version))
    throw new Refusal("InvalidParameterCombination", `Cannot find version ${version} for postgres`);
  return major;
}

const versions = new Map<string, Promise<string>>();

/** A major version alone is its server's own, such as 15.8; Amazon never says less. */
export function wholeVersion(version: string): Promise<string> {
  if (version.includes(".")) return Promise.resolve(version);
  const found =
    versions.get(version) ??
    serverOf(Number(version))
      .then(({ programs }) => execa(join(programs, "postgres"), ["--version"]))
      .then(({ stdout }) => /\d+\.\d+/.exec(stdout)?.[0] ?? version);
  versions.set(version, found);
  return found;
}

/** Whatever an answer says of instances and snapshots. */
export async function withWholeVersions(answer: ApiResponse): Promise<ApiResponse> {
  let { body } = answer;
  for (const [shown, version = ""] of answer.body.matchAll(/<EngineVersion>(\d+)<\/EngineVersion>/g))
    body = body.replaceAll(shown, `<EngineVersion>${await wholeVersion(version)}</EngineVersion>`);
  return { ...answer, body };
}

/** Runs a program as the user postgres, with the cloud's mark. */
export async function asPostgres(names: { id: string }, program: string, args: string[], input = ""): Promise<string> {
  const { stdout } = await execa(
    "setpriv",
    ["--reuid=postgres", "--regid=postgres", "--init-groups", program, ...args],
    {
      input,
      cwd: "/",
      env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8", [markerVariable]: names.id },
      extendEnv: false,
    },
  );
  return stdout;
}

const statics = new Map<number, Promise<Map<string, string>>>();

/** Whether a parameter takes effect at a restart only, as the server itself tells; an unknown one is none. */
export async function isStatic(parameter: string, major: number): Promise<boolean> {
  if (["rds.logical_replication"].includes(parameter)) return true;
  const known = statics.get(major) ?? serverOf(major).then(contextsOf);
  statics.set(major, known);
  return (await known).get(parameter) === "postmaster";
}

/** When each parameter takes effect. */
async function contextsOf({ programs }: Server): Promise<Map<string, string>> {
  const { stdout } = await execa(
    "setpriv",
    ["--reuid=postgres", "--regid=postgres", "--init-groups", join(programs, "postgres"), "--describe-config"],
    { cwd: "/" },
  );
  return new Map(stdout.split("\n").map((line) => [line.split("\t")[0] ?? "", line.split("\t")[1] ?? ""]));
}

/** Copies of extension files with what RDS changes in them; one set for each major version. */
export async function extensionOverrides(
  directory: string,
  { extensions: share }: Server,
): Promise<{ from: string; over: string }[]> {
  await mkdir(directory, { recursive: true });
  const overrides: { from: string; over: string }[] = [];
  const put = async (file: string, content: string) => {
    await writeFile(join(directory, file), content);
    overrides.push({ from: join(directory, file), over: join(share, file) });
  };
  const files = await readdir(share);
  for (const extension of allowedExtensions.filter((name) => files.includes(`${name}.control`))) {
    const control = await readFile(join(share, `${extension}.control`), "utf8");
    await put(`${extension}.control`, trustedControl(control));
    const grants = extensionGrants[extension];
    const version = /^default_version\s*=\s*'(.+)'/m.exec(control)?.[1];
    const last = files.find((file) => file.startsWith(`${extension}--`) && file.endsWith(`--${version}.sql`));
    if (grants && last) await put(last, `${await readFile(join(share, last), "utf8")}\n${grants}`);
  }
  return overrides;
}
