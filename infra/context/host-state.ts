import { type Slot, slots } from "../host/commands/paths";
import { line } from "../host/commands/shell";
import type { SlotBackend } from "../host/commands/stage-script";
import type { StepContext } from "./step";

/** One release in a slot and what it runs with, as the slot's record says. */
export type SlotContent = SlotBackend & {
  slot: Slot;
  release: string;
  commit: string;
  /** SHA-256 of the artifact. */
  digest: string;
  /** SHA-256 of all that config gives it to run with (`slotFiles`). */
  environment: string;
  schemaVersion: number;
};

export type HostState = {
  /** Which slot users reach; null before the first activation. */
  serving: Slot | null;
  /** What the last `stage` made ready: what `verify` looks at and `activate` turns to. */
  staged: SlotContent | null;
  slots: Record<Slot, SlotContent | null>;
};

/** Reads what the host holds; changes nothing. */
export async function readHostState(context: Pick<StepContext, "host" | "paths">): Promise<HostState> {
  const { paths } = context;
  const file = (path: string) => `cat ${line(path)} 2>/dev/null || echo null`;
  const printed = await context.host.run(
    "reading the host's state",
    `printf '{"current":"%s","staged":%s,"blue":%s,"green":%s}' \\
  "$(basename "$(readlink ${line(paths.current)} || true)")" \\
  "$(${file(stagedFile(paths))})" "$(${file(slotFile(paths, "blue"))})" "$(${file(slotFile(paths, "green"))})"`,
  );
  const raw = JSON.parse(printed) as {
    current: string;
    staged: SlotContent | null;
    blue: SlotContent | null;
    green: SlotContent | null;
  };
  return {
    serving: slots.find((slot) => slot === raw.current) ?? null,
    staged: raw.staged,
    slots: { blue: raw.blue, green: raw.green },
  };
}

export function slotFile(paths: StepContext["paths"], slot: Slot): string {
  return `${paths.state}/${slot}.json`;
}

export function stagedFile(paths: StepContext["paths"]): string {
  return `${paths.state}/staged.json`;
}
