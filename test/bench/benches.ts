import type { Keep } from "./result";

export type Bench = {
  /** One line for `npm run bench -- --help`. */
  what: string;
  run(say: (line: string) => void, keep: Keep): Promise<void>;
};

/** Loaded when it runs, so that one bench does not start with the modules of all. */
export const benches: Readonly<Record<string, Bench>> = {
  "writer-stall": {
    what: "the longest stall of a writer while schema 2 goes up and down, beside the same change in one transaction (WRITER_STALL_MILLIONS=1,4,10)",
    run: async (say, keep) =>
      (await import("./writer-stall")).bench({
        millions: sizes("WRITER_STALL_MILLIONS", "1,4,10"),
        hasReader: true,
        say,
        keep,
      }),
  },
  "backup-gate": {
    what: "what the backup gate's own work takes against the database's size, beside pg_dump and pg_restore, and what a writer notices of it (BACKUP_GATE_GB=0.1,1,4)",
    run: async (say, keep) =>
      (await import("./backup-gate")).bench({
        gigabytes: sizes("BACKUP_GATE_GB", "0.1,1,4"),
        say,
        keep,
      }),
  },
  deployment: {
    what: "requests that fail during a deployment and the checklist's own way, the way back, no-op runs, the artifact (BENCH_COUNT ways back: 30)",
    run: async (say, keep) =>
      (await import("./deployment")).bench({ count: Number(process.env.BENCH_COUNT ?? 30), say, keep }),
  },
};

/** An environment variable's sizes, ascending. */
function sizes(variable: string, usual: string): number[] {
  const text = process.env[variable] ?? usual;
  const found = text.split(",").map(Number);
  if (found.some((size) => !(size > 0)))
    throw new Error(`${variable} must be sizes separated by commas, such as ${usual}; it is ${text}`);
  return found;
}
