import { cpus, totalmem } from "node:os";

/** One measured number. `name` ends with its unit; `beside` is what it is compared with, in words. */
export type BenchResult = { name: string; value: number; unit: string; beside?: string; when: string; machine: string };

/** Takes numbers as they are measured: a part that fails loses none of the parts before it. */
export type Keep = (results: readonly BenchResult[]) => void;

/** A result of this machine, now. The value keeps one decimal. */
export function benchResult(name: string, value: number, unit: string, beside?: string): BenchResult {
  const [cpu] = cpus();
  const machine = `${cpus().length} x ${cpu?.model.trim() || "unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return {
    name,
    value: Math.round(value * 10) / 10,
    unit,
    ...(beside === undefined ? {} : { beside }),
    when: new Date().toISOString(),
    machine,
  };
}
