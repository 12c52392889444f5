import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { sha256 } from "./canonical";
import { renderHtml } from "./html";
import { verifySigned } from "./sign";
import { renderSummary } from "./text";

const usage = `npm run report -- --verify FILE [--key PUBLIC_KEY_FILE]
  Checks a report's signature; FILE is its .json, or its .html beside the .json.
npm run report -- --render FILE --out PAGE
  Writes the page of a signed .json anew.
Ends with 0: whole, and signed with that key; 1: not to be trusted; 2: wrong use or unreadable; 3: whole, but no key was given to hold it against.`;

/** @returns the exit code; what it has to say goes to `say` */
export function main(args: readonly string[], say: (line: string) => void): 0 | 1 | 2 | 3 {
  let values: { verify?: string; key?: string; render?: string; out?: string };
  try {
    values = parseArgs({
      args: [...args],
      options: { verify: { type: "string" }, key: { type: "string" }, render: { type: "string" }, out: { type: "string" } },
    }).values;
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    return 2;
  }
  try {
    if (values.verify !== undefined) return check(values.verify, values.key, say);
    if (values.render !== undefined && values.out !== undefined) return render(values.render, values.out, say);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 2;
  }
  say(usage);
  return 2;
}

function check(file: string, keyFile: string | undefined, say: (line: string) => void): 0 | 1 | 2 | 3 {
  const jsonFile = file.replace(/\.html$/, ".json");
  const pageFile = jsonFile.replace(/\.json$/, ".html");
  if (!existsSync(file)) {
    say(`${file} is not there.`);
    return 2;
  }
  if (!existsSync(jsonFile)) {
    say(`${jsonFile} is not there; ${file} is checked against it, so keep the two together.`);
    return 2;
  }
  const json = readFileSync(jsonFile, "utf8");
  const outcome = verifySigned(json, keyFile === undefined ? undefined : readFileSync(keyFile, "utf8"));
  if (!outcome.verified) {
    say(`NOT TO BE TRUSTED: ${jsonFile}: ${outcome.reason}. Fetch the report again from where the stack keeps its versions.`);
    return 1;
  }
  const wantsPage = pageFile !== jsonFile && existsSync(pageFile);
  if (wantsPage && readFileSync(pageFile, "utf8") !== renderHtml(outcome.report, { jsonSha256: sha256(json), keyId: outcome.keyId })) {
    say(
      `NOT TO BE TRUSTED: ${pageFile} is not the page of ${jsonFile}, which is whole. It was changed, or written by another version ` +
        `of this program. Write it anew: npm run report -- --render ${jsonFile} --out ${pageFile}`,
    );
    return 1;
  }
  const files = wantsPage ? `${jsonFile} and its page` : jsonFile;
  say(
    outcome.signer === "known"
      ? `Whole, and signed with the given key (${outcome.keyId}): ${files}`
      : `Whole, but who signed it (${outcome.keyId}) was not checked: give the stack's public key with --key. ${files}`,
  );
  say(renderSummary(outcome.report));
  return outcome.signer === "known" ? 0 : 3;
}

function render(file: string, out: string, say: (line: string) => void): 0 | 1 {
  const json = readFileSync(file, "utf8");
  const outcome = verifySigned(json);
  if (!outcome.verified) {
    say(`NOT TO BE TRUSTED: ${file}: ${outcome.reason}. No page was written.`);
    return 1;
  }
  writeFileSync(out, renderHtml(outcome.report, { jsonSha256: sha256(json), keyId: outcome.keyId }));
  say(`Written: ${out}`);
  return 0;
}

if (process.argv[1]?.endsWith("report/cli.ts") === true) process.exitCode = main(process.argv.slice(2), (line) => console.log(line));
