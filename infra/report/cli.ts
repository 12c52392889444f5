import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { sha256 } from "./canonical";
import { renderHtml } from "./html";
import { verifySigned } from "./sign";
import { renderSummary } from "./text";

const usage = `npm run report -- STACK
  Fetches the stack's newest report from where it is kept, whether that deployment ended well or not, and checks it.
npm run report -- --verify FILE [--stack STACK | --key PUBLIC_KEY_FILE]
  Checks a report's signature; FILE is its .json, or its .html beside the .json.
npm run report -- --render FILE --out PAGE
  Writes the page of a signed .json anew.
Ends with 0: whole, and signed with that key; 1: not to be trusted; 2: wrong use or unreadable; 3: whole, but no key was given to hold it against.`;

/** What only a stack knows. */
export type Stacks = {
  /** The public key that the stack's reports are signed with, PEM. */
  keyOf: (stack: string) => Promise<string>;
  /** Fetches the newest report and its page. @returns the JSON's path */
  fetchNewest: (stack: string) => Promise<string>;
};

const options = {
  verify: { type: "string" },
  stack: { type: "string", short: "s" },
  key: { type: "string" },
  render: { type: "string" },
  out: { type: "string" },
} as const;

/** @returns the exit code; what it has to say goes to `say` */
export async function main(
  args: readonly string[],
  say: (line: string) => void,
  stacks: Stacks,
): Promise<0 | 1 | 2 | 3> {
  let values: { verify?: string; stack?: string; key?: string; render?: string; out?: string };
  let named: string[];
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true });
    values = parsed.values;
    named = parsed.positionals;
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    return 2;
  }
  try {
    const [fetched] = named;
    if (fetched !== undefined && named.length === 1 && Object.keys(values).length === 0)
      return check(await stacks.fetchNewest(fetched), await stacks.keyOf(fetched), say);
    if (values.verify !== undefined && named.length === 0) {
      const key =
        values.stack !== undefined
          ? await stacks.keyOf(values.stack)
          : values.key === undefined
            ? undefined
            : readFileSync(values.key, "utf8");
      return check(values.verify, key, say);
    }
    if (values.render !== undefined && values.out !== undefined) return render(values.render, values.out, say);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 2;
  }
  say(usage);
  return 2;
}

function check(file: string, publicKey: string | undefined, say: (line: string) => void): 0 | 1 | 2 | 3 {
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
  const outcome = verifySigned(json, publicKey);
  if (!outcome.verified) {
    say(
      `NOT TO BE TRUSTED: ${jsonFile}: ${outcome.reason}. Fetch the report again from where the stack keeps its versions.`,
    );
    return 1;
  }
  const wantsPage = pageFile !== jsonFile && existsSync(pageFile);
  if (
    wantsPage &&
    readFileSync(pageFile, "utf8") !== renderHtml(outcome.report, { jsonSha256: sha256(json), keyId: outcome.keyId })
  ) {
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
      : `Whole, but who signed it (${outcome.keyId}) was not checked: name the stack with --stack, or give its public key with --key. ${files}`,
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
