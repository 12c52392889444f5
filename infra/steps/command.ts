import type { Phase } from "../rollout/phases";

/** The command line of one phase, run in the project's directory. */
export function stepCommand(phase: Phase): string {
  return `node --import tsx infra/steps/main.ts ${phase}`;
}
