import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { Failure } from "../core/failure";
import { sha256 } from "./canonical";
import { renderHtml } from "./html";
import { verifySigned } from "./sign";
import { renderSummary } from "./text";

export type Expected = {
  /** PEM; without it nobody can say who signed the report. */
  publicKey?: string | undefined;
  /** Whose report it should be. */
  stack?: string | undefined;
};

/**
 * Checks a report's signature, that it bears the name of its own run, and that its page is the page of its JSON.
 * @param file the JSON, or the page beside it
 * @returns whether it is to be trusted
 * @throws Error where it could not be checked
 */
export function checkReport(file: string, { publicKey, stack }: Expected, say: (line: string) => void): boolean {
  const jsonFile = file.replace(/\.html$/, ".json");
  const pageFile = jsonFile.replace(/\.json$/, ".html");
  if (!existsSync(file)) throw new Error(`${file} does not exist`);
  if (!existsSync(jsonFile))
    throw new Error(`${jsonFile} does not exist. A page is checked against its JSON, so keep the two together`);
  const json = readFileSync(jsonFile, "utf8");
  const outcome = verifySigned(json, publicKey);
  if (!outcome.verified) {
    say(
      `NOT TO BE TRUSTED: ${jsonFile}: ${outcome.reason}. Fetch the report again from where the stack keeps its versions.`,
    );
    return false;
  }
  const { header } = outcome.report;
  if (basename(jsonFile, ".json") !== header.run || (stack !== undefined && stack !== header.stack)) {
    say(
      `NOT TO BE TRUSTED: ${jsonFile} is the report of the run ${header.run} of the stack ${header.stack}, which is whole. Under that run's ` +
        `name, ${header.run}.json, and for that stack it can be checked; here it stands for another's.`,
    );
    return false;
  }
  const wantsPage = pageFile !== jsonFile && existsSync(pageFile);
  if (
    wantsPage &&
    readFileSync(pageFile, "utf8") !== renderHtml(outcome.report, { jsonSha256: sha256(json), keyId: outcome.keyId })
  ) {
    say(
      `NOT TO BE TRUSTED: ${pageFile} is not the page of ${jsonFile}, which is whole. It was changed, or written by another version ` +
        `of this program. Write it again: npm run report -- --render ${jsonFile} --out ${pageFile}`,
    );
    return false;
  }
  const files = wantsPage ? `${jsonFile} and its page` : jsonFile;
  if (outcome.signer !== "known")
    throw new Failure(
      "signer-not-checked",
      `${files}: whole, but who signed it (${outcome.keyId}) was not checked`,
      "name the stack with --stack, or give its public key with --key",
    );
  say(`Whole, and signed with the given key (${outcome.keyId}): ${files}`);
  say(renderSummary(outcome.report));
  return true;
}

/** Writes the page of a signed JSON again. @returns whether the JSON is whole; nothing is written otherwise */
export function renderReport(file: string, out: string, say: (line: string) => void): boolean {
  const json = readFileSync(file, "utf8");
  const outcome = verifySigned(json);
  if (!outcome.verified) {
    say(`NOT TO BE TRUSTED: ${file}: ${outcome.reason}. No page was written.`);
    return false;
  }
  writeFileSync(out, renderHtml(outcome.report, { jsonSha256: sha256(json), keyId: outcome.keyId }));
  say(`Written: ${out}`);
  return true;
}
