import { stat } from "node:fs/promises";

/** Whether a path leads to something; a link that leads nowhere does not. */
export async function pathExists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
