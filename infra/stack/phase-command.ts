import type { Phase } from "../core/phases";

/** The command line of one phase, as `bundleSteps` left it. The command plugin runs it where the program is: in infra/. */
export function stepCommand(phase: Phase): string {
  return `NODE_NO_WARNINGS=1 node .steps/main.js ${phase}`;
}

/** Prints the SSH key that a host has made for itself. */
export const readHostKeyCommand = "NODE_NO_WARNINGS=1 node --import tsx stack/read-host-key.ts";

/** Starts a host that was stopped for its volume's sake. */
export const startInstanceCommand = "NODE_NO_WARNINGS=1 node --import tsx stack/start-instance.ts";
