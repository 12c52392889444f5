import { rawSettings } from "../settings/raw";
import { parseSettings, type Settings } from "../settings/settings";
import { askPulumi, tellPulumi } from "./pulumi";

/** A stack's config through Pulumi's own command, so that secrets are encrypted the stack's own way. */
export class StackConfig {
  constructor(
    readonly stack: string,
    /** Another file than `Pulumi.STACK.yaml`. */
    readonly file?: string,
  ) {}

  /** Values below the project's namespace by path (`keys.ssh`); secret values as `null`. */
  async read(): Promise<Record<string, unknown>> {
    const stdout = await tellPulumi(this.#words(["config", "--json"]));
    const entries = Object.entries(
      JSON.parse(stdout) as Record<string, { value?: string; objectValue?: unknown; secret: boolean }>,
    );
    return Object.fromEntries(
      entries.map(([key, entry]) => [
        key.replace(/^prompt-library:/, ""),
        entry.secret ? null : (entry.objectValue ?? entry.value),
      ]),
    );
  }

  /**
   * The stack's settings, secrets included, as the program would read them.
   * @throws SettingsError with every problem at once
   */
  async settings(): Promise<Settings> {
    const stdout = await tellPulumi(this.#words(["config", "--json", "--show-secrets"]));
    const entries = Object.entries(JSON.parse(stdout) as Record<string, { value: string }>);
    return parseSettings(
      rawSettings(Object.fromEntries(entries.map(([key, { value }]) => [key, value])), "prompt-library"),
      this.stack,
    );
  }

  /** Which paths below an object are set, secret or not. */
  async has(path: string): Promise<boolean> {
    return (await askPulumi(this.#words(["config", "get", "--path", `prompt-library:${path}`]))).isGood;
  }

  /** The value goes through stdin: it is in no process list. */
  async set(path: string, value: string, options: { isSecret: boolean }): Promise<void> {
    await tellPulumi(
      this.#words(["config", "set", "--path", options.isSecret ? "--secret" : "--plaintext", `prompt-library:${path}`]),
      { input: value },
    );
  }

  #words(words: string[]): string[] {
    return [...words, "--stack", this.stack, ...(this.file === undefined ? [] : ["--config-file", this.file])];
  }
}
