import { generateKeyPairSync } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canonicalJson, sha256 } from "../../infra/report/canonical";
import { checkReport, renderReport } from "../../infra/report/check";
import { renderHtml } from "../../infra/report/html";
import { assembleReport } from "../../infra/report/report";
import { newSigningKeys, sealOf, signedText, signReport, verifySigned } from "../../infra/report/sign";
import { failedRecords, goodRecords, header, signOffs } from "../golden/records";

const keys = newSigningKeys();
const report = assembleReport(header, failedRecords(), signOffs);
const signed = signReport(report, keys.privateKey);
const text = signedText(signed);

describe("a signed report", () => {
  it("is whole, and signed by whoever holds the key", () => {
    expect(verifySigned(text, keys.publicKey)).toEqual({
      verified: true,
      report,
      keyId: signed.signature.keyId,
      signer: "known",
    });
  });
  it("leaves the signer unknown without a key from elsewhere", () =>
    expect(verifySigned(text)).toMatchObject({ verified: true, signer: "unknown" }));
  /** One bit, and a different one from place to place; never the highest, which would only break the encoding. */
  function* unnoticed(whole: string, step: number): Generator<number> {
    const bytes = Buffer.from(whole);
    for (let at = 0; at < bytes.length; at += step) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 7));
      if (verifySigned(changed.toString("utf8"), keys.publicKey).verified) yield at;
    }
  }
  it("fails with one changed byte, wherever it is in a small one", () => {
    const small = signReport({ ...report, boxes: [], timeline: [], screenshots: [], journal: [] }, keys.privateKey);
    expect(verifySigned(signedText(small), keys.publicKey).verified).toBe(true);
    expect([...unnoticed(signedText(small), 1)]).toEqual([]);
  });
  it("fails with one changed byte in a full one", () => expect([...unnoticed(text, 101)]).toEqual([]));
  it.each([
    ["a space more", `${text} `],
    ["no line end", text.trimEnd()],
    ["indentation", JSON.stringify(JSON.parse(text), null, 2)],
    ["keys in another order", `${JSON.stringify({ signature: signed.signature, report: signed.report })}\n`],
    ["a key twice", text.replace('{"report":', '{"report":{},"report":')],
    ["nothing", ""],
    ["other JSON", "[]"],
    ["a state in its favour", text.replace('"state":"failed"', '"state":"good"')],
  ])("fails with %s", (_, changed) => {
    expect(changed).not.toBe(text);
    expect(verifySigned(changed, keys.publicKey).verified).toBe(false);
  });
  it("fails where another signed it, even over the same content", () => {
    const other = signedText(signReport(report, newSigningKeys().privateKey));
    expect(verifySigned(other, keys.publicKey)).toMatchObject({
      verified: false,
      reason: expect.stringContaining("another key") as unknown,
    });
  });
  it("fails where the signature is that of another report", () => {
    const good = signReport(assembleReport(header, goodRecords(), signOffs), keys.privateKey);
    expect(verifySigned(signedText({ ...good, signature: signed.signature }), keys.publicKey)).toMatchObject({
      verified: false,
      reason: "its signature does not fit its content",
    });
  });
  it.each(["", "no key", generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString()])(
    "is not made with what is no Ed25519 key",
    (pem) => {
      expect(() => signReport(report, pem)).toThrow(/not an Ed25519 key in PEM/);
    },
  );
  it("is the same for the same report and key", () =>
    expect(signedText(signReport(report, keys.privateKey))).toBe(text));
});

describe("canonical JSON", () => {
  it("does not depend on the order of keys", () =>
    expect(canonicalJson({ b: 1, a: [{ d: 1, c: undefined }] })).toBe(canonicalJson({ a: [{ d: 1 }], b: 1 })));
  it("reads back as what was written", () => expect(JSON.parse(canonicalJson(report))).toEqual(report));
  it.each([Number.NaN, Number.POSITIVE_INFINITY, () => 1, Symbol("x")])("refuses what JSON cannot hold", (value) =>
    expect(() => canonicalJson({ value })).toThrow(TypeError),
  );
});

describe("npm run report", () => {
  let directory = "";
  const at = (name: string): string => join(directory, name);
  const check = (file: string, publicKey?: string, stack?: string) => {
    const said: string[] = [];
    const isWell = checkReport(file, { publicKey, stack }, (line) => said.push(line));
    return { isWell, said: said.join("\n") };
  };
  /** Each in a folder of its own, since the name is the run's. */
  const write = (folder: string, json: string, page?: string): string => {
    mkdirSync(at(folder));
    writeFileSync(at(`${folder}/${header.run}.json`), json);
    if (page !== undefined) writeFileSync(at(`${folder}/${header.run}.html`), page);
    return `${folder}/${header.run}`;
  };
  let alone: string;
  let whole: string;
  let edited: string;
  let changed: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "report-"));
    const page = renderHtml(report, sealOf(signed));
    alone = write("alone", text);
    whole = write("whole", text, page);
    edited = write("edited", text, page.replace("stopped at verify", "serves, all is well"));
    changed = write("changed", text.replace("v1.1.0", "v1.1.1"));
    writeFileSync(at("orphan.html"), "");
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it("trusts a whole report and its page, and says what it says", () => {
    for (const file of [`${alone}.json`, `${whole}.json`, `${whole}.html`]) {
      const { isWell, said } = check(at(file), keys.publicKey);
      expect(said).toContain("Whole, and signed with the given key");
      expect(said).toContain("FAILED  prompt-library, staging");
      expect(isWell).toBe(true);
    }
  });
  it("does not trust what was changed, page or JSON, nor another's key", () => {
    for (const [file, key] of [
      [`${changed}.json`, keys.publicKey],
      [`${edited}.html`, keys.publicKey],
      [`${edited}.json`, keys.publicKey],
      [`${whole}.json`, newSigningKeys().publicKey],
    ] as const) {
      const { isWell, said } = check(at(file), key);
      expect(said, file).toContain("NOT TO BE TRUSTED");
      expect(isWell, file).toBe(false);
    }
  });
  it("does not trust a report under the name of another run, nor as another stack's", () => {
    const newer = "20991231T235959000Z-ffffff";
    for (const kind of ["json", "html"]) copyFileSync(at(`${whole}.${kind}`), at(`${newer}.${kind}`));
    for (const kind of ["json", "html"]) {
      const { isWell, said } = check(at(`${newer}.${kind}`), keys.publicKey);
      expect(said).toContain(`is the report of the run ${header.run}`);
      expect(isWell).toBe(false);
    }
    expect(check(at(`${whole}.json`), keys.publicKey, header.stack).isWell).toBe(true);
    const { isWell, said } = check(at(`${whole}.json`), keys.publicKey, "production");
    expect(said).toContain("NOT TO BE TRUSTED");
    expect(said).toContain("staging");
    expect(isWell).toBe(false);
  });
  it("can't judge what it can't read, nor a report without anybody's key", () => {
    expect(() => check(at("absent.json"), keys.publicKey)).toThrow("absent.json does not exist");
    expect(() => check(at("orphan.html"), keys.publicKey)).toThrow("orphan.json does not exist");
    expect(() => check(at(`${alone}.json`), "no key")).toThrow("not an Ed25519 key");
    expect(() => check(at(`${alone}.json`))).toThrow("who signed it");
  });
  it("writes the page again from the JSON, and only from a whole one", () => {
    expect(renderReport(at(`${alone}.json`), at(`${alone}.html`), () => undefined)).toBe(true);
    expect(readFileSync(at(`${alone}.html`), "utf8")).toContain(sha256(text));
    expect(check(at(`${alone}.html`), keys.publicKey).isWell).toBe(true);
    rmSync(at(`${alone}.html`));
    expect(renderReport(at(`${changed}.json`), at(`${changed}.html`), () => undefined)).toBe(false);
  });
});
