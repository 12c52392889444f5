import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";

/**
 * A table in one file below the working directory's `data/`: read once, at the start, and rewritten whole from memory with each
 * change. What another copy of the process wrote meanwhile is lost.
 */
export class Rows<Row> {
  private readonly path: string;
  private rows: Row[] | undefined;

  constructor(name: string) {
    mkdirSync("data", { recursive: true });
    this.path = `data/${name}.json`;
    try {
      this.rows = JSON.parse(readFileSync(this.path, "utf8")) as Row[];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }

  /** What there is; the first time, where no file is, what `first` gives. */
  async all(first: () => Promise<Row[]> = async () => []): Promise<Row[]> {
    if (this.rows === undefined) {
      this.rows = await first();
      this.save();
    }
    return this.rows;
  }

  save(): void {
    writeFileSync(`${this.path}.new`, JSON.stringify(this.rows));
    renameSync(`${this.path}.new`, this.path);
  }
}
