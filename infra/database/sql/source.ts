import { isUtf8 } from "node:buffer";

/** Something in a file that cannot run, with its place. Lines and columns count from 1, columns in characters. */
export type Problem = { file: string; line: number; column: number; message: string; text: string };

/** One file of SQL as PostgreSQL gets it: bytes in UTF-8. Positions are in bytes, as PostgreSQL's parser gives them. */
export class SqlSource {
  readonly text: string;
  private readonly bytes: Buffer;

  constructor(
    readonly file: string,
    bytes: Uint8Array,
  ) {
    this.bytes = Buffer.from(bytes);
    this.text = this.bytes.toString("utf8");
  }

  /** What no server would read: bytes that are not UTF-8, a byte order mark, a zero byte. */
  encodingProblem(): Problem | undefined {
    const wrong = invalidAt(this.bytes);
    if (wrong !== undefined)
      return this.problem(wrong, `byte 0x${this.bytes[wrong]?.toString(16)} is not UTF-8: save the file as UTF-8`);
    if (this.text.startsWith("\uFEFF")) return this.problem(0, "a byte order mark: save the file as UTF-8 without one");
    const zero = this.bytes.indexOf(0);
    return zero < 0 ? undefined : this.problem(zero, "a zero byte, at which PostgreSQL would stop reading");
  }

  slice(start: number, end: number): string {
    return this.bytes.toString("utf8", start, end);
  }

  get length(): number {
    return this.bytes.length;
  }

  /** The line, from 1, of a position. */
  lineOf(at: number): number {
    return this.bytes.toString("utf8", 0, at).split("\n").length;
  }

  problem(at: number, message: string): Problem {
    const before = this.bytes.toString("utf8", 0, at).split("\n");
    const text = this.text.split("\n")[before.length - 1] ?? "";
    return {
      file: this.file,
      line: before.length,
      column: [...(before.at(-1) ?? "")].length + 1,
      message,
      text: text.replace(/\r$/, ""),
    };
  }
}

/** As a compiler says it: file, line and column, the line itself, and a caret below the place. */
export function describeProblem({ file, line, column, message, text }: Problem): string {
  const characters = [...text];
  // Long lines are cut to the part around the place.
  const from = Math.max(0, column - 80);
  const shown = characters.slice(from, column + 60).map((character) => (character < " " ? " " : character));
  return `${file}:${line}:${column}: ${message}\n    ${shown.join("")}\n    ${" ".repeat(column - 1 - from)}^`;
}

/** Where the first byte stands that is not part of a well-formed character: there reading puts another in its place. */
function invalidAt(bytes: Buffer): number | undefined {
  if (isUtf8(bytes)) return undefined;
  const replaced = Buffer.from(bytes.toString("utf8"));
  let at = bytes.findIndex((byte, place) => replaced[place] !== byte);
  while (((replaced[at] ?? 0) & 0xc0) === 0x80) at -= 1;
  return at;
}
