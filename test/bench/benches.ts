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
        millions: sizes(process.env.WRITER_STALL_MILLIONS ?? "1,4,10"),
        hasReader: true,
        say,
        keep,
      }),
  },
  "backup-gate": {
    what: "how long the backup gate takes, snapshot to proof, against the database's size (needs root and some 15 GB of disk)",
    run: async (say, keep) => (await import("./backup-gate")).bench({ gigabytes: [0.1, 1, 4], say, keep }),
  },
  deployment: {
    what: "requests that fail during a deployment and the checklist's own way, the way back, no-op runs, the artifact (BENCH_COUNT ways back: 30)",
    run: async (say, keep) =>
      (await import("./deployment")).bench({ count: Number(process.env.BENCH_COUNT ?? 30), say, keep }),
  },
};

/** `1,4,10`, or fewer where there is less time. */
function sizes(text: string): number[] {
  const found = text.split(",").map(Number);
  if (found.some((size) => !(size > 0)))
    throw new Error(`WRITER_STALL_MILLIONS must be sizes in million rows such as 1,4 (it is ${text})`);
  return found;
}
