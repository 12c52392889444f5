import { readFile, writeFile } from "node:fs/promises";
import { parseDocument } from "yaml";

const namespace = "prompt-library";

/** A stack's own file, `Pulumi.STACK.yaml`, before Pulumi knows the stack: values that are no secret. */
export class StackFile {
  constructor(readonly path: string) {}

  /** Whether it holds any setting; Pulumi leaves one that holds the salt alone. */
  async exists(): Promise<boolean> {
    return /^config:/m.test(await readFile(this.path, "utf8").catch(() => ""));
  }

  /** Begins it as a copy of another stack's. */
  async createFrom(template: string): Promise<void> {
    const salt = await readFile(this.path, "utf8").catch(() => "");
    await writeFile(this.path, `${salt}${await readFile(template, "utf8")}`);
  }

  /** The settings below the project's namespace, and `aws:region`. */
  async read(): Promise<Record<string, unknown>> {
    const { config = {} } = (parseDocument(await readFile(this.path, "utf8")).toJS() ?? {}) as {
      config?: Record<string, unknown>;
    };
    return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(`${namespace}:`, ""), value]));
  }

  /** Sets values by path; `aws:region` is not of this program's namespace. Comments and order stay. */
  async set(values: ReadonlyMap<string, unknown>): Promise<void> {
    const document = parseDocument(await readFile(this.path, "utf8"));
    for (const [path, value] of values) {
      const [first = "", ...rest] = path.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part));
      const key = path === "aws:region" ? path : `${namespace}:${first}`;
      document.setIn(["config", key, ...rest], value);
    }
    await writeFile(this.path, document.toString());
  }
}
