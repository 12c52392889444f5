import type { BenchResult } from "./result";

export type Bench = {
  /** One line for `npm run bench -- --help`. */
  what: string;
  run(say: (line: string) => void): Promise<BenchResult[]>;
};

/** Loaded when it runs, so that one bench does not start with the modules of all. */
export const benches: Readonly<Record<string, Bench>> = {
  "writer-stall": {
    what: "the longest stall of a writer while schema 2 goes up and down, beside the same change in one transaction",
    run: async (say) => (await import("./writer-stall")).bench({ millions: [1, 4, 10], hasReader: true, say }),
  },
};
