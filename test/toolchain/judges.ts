import { join } from "node:path";
import type { Log } from "./build-once";
import { pythonEnvironment } from "./python";

/** Programs of PyPI that judge what a host shows to the world: TLS by Mozilla's profiles, nginx's configuration. */
export async function judges(log: Log): Promise<{ sslyze: string; gixy: string }> {
  const programs = await pythonEnvironment("judges", ["sslyze==6.3.1", "gixy-ng==0.2.59"], log);
  return { sslyze: join(programs, "sslyze"), gixy: join(programs, "gixy") };
}
