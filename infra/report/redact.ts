export const redacted = "[secret]";

/**
 * Replaces every secret in a text by `[secret]`, also where it was encoded on the way: JSON (once and twice), URL, form, HTML,
 * shell quotes, hexadecimal, and base64 at any offset inside a longer text. Overlapping secrets go together.
 * Each longer line of a secret of several lines (a PEM key) counts as a secret of its own.
 */
export function redact(text: string, secrets: readonly string[]): string {
  const spans: [from: number, to: number][] = [];
  for (const form of formsOf(secrets))
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) spans.push([at, at + form.length]);
  if (spans.length === 0) return text;
  spans.sort(([a], [b]) => a - b);
  let [out, end] = ["", 0];
  for (const [from, to] of spans) {
    if (from >= end) out += text.slice(end, from) + redacted;
    end = Math.max(end, to);
  }
  return out + text.slice(end);
}

/** The same for every string inside a value, keys included, leaving its shape as it is. */
export function redactDeep<Value>(value: Value, secrets: readonly string[]): Value {
  return walk(value, (text) => redact(text, secrets)) as Value;
}

function walk(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => walk(item, change));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), walk(item, change)]));
}

function formsOf(secrets: readonly string[]): Set<string> {
  const forms = new Set<string>();
  const plain = secrets
    .flatMap((secret) => [secret, secret.trim(), ...longLines(secret)])
    .filter((secret) => secret !== "");
  for (const secret of new Set(plain)) for (const form of encodings(secret)) if (form !== "") forms.add(form);
  return forms;
}

/** Lines that identify a key; its first and last (`-----BEGIN …`) are in every key. */
function longLines(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  return lines.length < 2 ? [] : lines.filter((line) => line.length >= 16 && !line.startsWith("-----"));
}

function encodings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  // By way of bytes, since a lone surrogate would make encodeURIComponent throw.
  const url = encodeURIComponent(Buffer.from(secret, "utf8").toString("utf8"));
  const strict = url.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const lower = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const form = new URLSearchParams([["", secret]]).toString().slice(1);
  const htmlNamed = secret
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
  const bytes = Buffer.from(secret, "utf8");
  const hex = bytes.toString("hex");
  return [
    secret,
    json,
    JSON.stringify(json).slice(1, -1),
    json.replaceAll("/", "\\/"),
    url,
    strict,
    form,
    strict.replaceAll("%20", "+"),
    lower(url),
    lower(strict),
    lower(form),
    htmlNamed,
    htmlNamed.replaceAll("'", "&#39;"),
    htmlNamed.replaceAll("'", "&#39;").replaceAll("`", "&#96;"),
    secret.replaceAll("'", "'\\''"),
    // Two bytes in hexadecimal would hit half of all digests.
    ...(bytes.length >= 6 ? [hex, hex.toUpperCase()] : []),
    ...base64Forms(bytes),
  ];
}

/** The characters of base64 that depend on the secret alone, for each of the three offsets at which it can begin. */
function base64Forms(bytes: Buffer): string[] {
  // Shorter ones leave a character or two, which every picture holds.
  if (bytes.length < 6)
    return [bytes.toString("base64"), bytes.toString("base64url")].filter((text) => text.length >= 6);
  const standard = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const from = Math.ceil((offset * 8) / 6);
    const to = Math.floor(((offset + bytes.length) * 8) / 6);
    return encoded.slice(from, to);
  });
  return [...standard, ...standard.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"))];
}
