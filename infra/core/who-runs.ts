import { hostname, userInfo } from "node:os";

/** `user@machine`. */
export function whoRuns(): string {
  return `${userInfo().username}@${hostname()}`;
}
