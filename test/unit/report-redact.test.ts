import { describe, expect, it } from "vitest";
import { escapeHtml } from "../../infra/report/page/markup";
import { redact, redactDeep, redacted } from "../../infra/report/redact";

/** A stream of numbers that is the same in each run (mulberry32), so that a failure can be repeated by its seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const alphabet = [..."abcXYZ019_-+/=&<>\"'`\\%$ !*().~\n\tåß€😀"];

function secretOf(pick: (below: number) => number): string {
  return `s3${Array.from({ length: 8 + pick(40) }, () => alphabet[pick(alphabet.length)]).join("")}q7`;
}

const noise = (pick: (below: number) => number): string =>
  Array.from({ length: pick(30) }, () => alphabet[pick(alphabet.length)]).join("");

/** How a secret travels: what each of these makes of it must not be found afterwards. */
const ways: Record<string, (secret: string, before: string, after: string) => string> = {
  plain: (secret, before, after) => before + secret + after,
  json: (secret, before, after) => JSON.stringify({ before, secret, after }),
  "json in json": (secret, before, after) => JSON.stringify({ line: JSON.stringify({ before, secret, after }) }),
  url: (secret, before, after) =>
    `https://h/?a=${encodeURIComponent(before)}&b=${encodeURIComponent(secret)}&c=${encodeURIComponent(after)}`,
  form: (secret, before, after) => new URLSearchParams({ before, secret, after }).toString(),
  html: (secret, before, after) => escapeHtml(before) + escapeHtml(secret) + escapeHtml(after),
  shell: (secret, before, after) =>
    `export A='${before.replaceAll("'", "'\\''")}' B='${secret.replaceAll("'", "'\\''")}' C='${after.replaceAll("'", "'\\''")}'`,
  hex: (secret, before, after) => Buffer.from(before + secret + after).toString("hex"),
  base64: (secret, before, after) => Buffer.from(before + secret + after).toString("base64"),
  base64url: (secret, before, after) => Buffer.from(before + secret + after).toString("base64url"),
};

/** Undoes each way, so that a secret which is still there in any form shows. */
function readable(text: string): string {
  const unescaped = text
    .replaceAll("'\\''", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&#96;", "`")
    .replaceAll("&amp;", "&");
  const unslashed = (layer: string): string =>
    layer.replace(/\\(["\\/nt])/g, (_, letter: string) => ({ n: "\n", t: "\t" })[letter] ?? letter);
  const unurled = (layer: string): string => {
    const bytes = layer
      .replaceAll("+", " ")
      .replace(/%([0-9A-Fa-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
    return Buffer.from(bytes, "latin1").toString("utf8");
  };
  return [
    text,
    unescaped,
    unslashed(text),
    unslashed(unslashed(text)),
    unurled(text),
    unurled(text.replaceAll("+", "%2B")),
  ].join("\u0000");
}

/** How much of a secret base64 or hexadecimal still gives away, at any offset. */
function decoded(text: string): string {
  const parts = text.split(redacted);
  return parts
    .flatMap((part) => [
      Buffer.from(part, "hex").toString("latin1"),
      ...[0, 1, 2, 3].map((offset) => Buffer.from(part.slice(offset), "base64").toString("latin1")),
    ])
    .join("\u0000");
}

describe("redaction", () => {
  describe.each(Object.entries(ways))("of what travelled as %s", (_, travel) => {
    it("leaves no secret behind, for 300 secrets among noise", () => {
      for (let seed = 1; seed <= 300; seed++) {
        const pick = numbers(seed);
        const secret = secretOf(pick);
        const [before, after] = [noise(pick), noise(pick)];
        const text = travel(secret, before, after);
        const said = redact(text, ["another-secret", secret]);
        expect(said, `seed ${seed}`).toContain(redacted);
        expect(readable(said).includes(secret), `seed ${seed}: ${JSON.stringify(said)}`).toBe(false);
        expect(decoded(said).includes(Buffer.from(secret).toString("latin1")), `seed ${seed}`).toBe(false);
      }
    });
  });

  it("leaves a text without secrets as it is", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const pick = numbers(seed);
      const text = Array.from({ length: 5 }, () => noise(pick)).join("");
      expect(redact(text, [`no-such-${seed}-thing`, "", "   "].slice(0, 2))).toBe(text);
    }
  });

  it("takes overlapping secrets together", () => {
    expect(redact("x abcdefghijkl y", ["abcdefgh", "efghijkl"])).toBe(`x ${redacted} y`);
    expect(redact("aaaaaaaaaa!", ["aaaaaaaa"])).toBe(`${redacted}!`);
  });

  it("takes every occurrence, and a longer secret whole", () => {
    expect(redact("hunter2-long, hunter2; hunter2-long", ["hunter2", "hunter2-long"])).toBe(
      `${redacted}, ${redacted}; ${redacted}`,
    );
  });

  it("takes secrets as text, not as patterns", () => expect(redact("a.*b a--b", ["a.*b"])).toBe(`${redacted} a--b`));

  it("knows the lines of a key, whatever the indentation, and leaves its first and last line", () => {
    const key =
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n";
    const said = redact(`log:\n  -----BEGIN PRIVATE KEY-----\n    ${key.split("\n")[1]}\n  -----END PRIVATE KEY-----`, [
      key,
    ]);
    expect(said).toBe(`log:\n  -----BEGIN PRIVATE KEY-----\n    ${redacted}\n  -----END PRIVATE KEY-----`);
  });

  it("knows the password inside a basic authorization header", () => {
    for (const user of ["a", "ab", "abc"]) {
      const sent = Buffer.from(`${user}:correct-horse-battery`).toString("base64");
      expect(decoded(redact(`Authorization: Basic ${sent}`, ["correct-horse-battery"]))).not.toContain("correct-horse");
    }
  });

  it("goes through values, keys included, and keeps their shape", () => {
    const value = { "hunter2-key": ["hunter2", { deep: "say hunter2" }], count: 2, none: null };
    expect(redactDeep(value, ["hunter2"])).toEqual({
      [`${redacted}-key`]: [redacted, { deep: `say ${redacted}` }],
      count: 2,
      none: null,
    });
  });
});
