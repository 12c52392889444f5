import { access, cp, mkdir, readFile, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import type { AwsProvider } from "./aws-provider";
import type { Log } from "./build-once";
import type { Go } from "./go";
import { copySources, type ModuleName, moduleNames } from "./sources";
import type { PluginName, Versions } from "./versions";

/** Where a plugin's executable lies below PULUMI_HOME: the engine looks for it under the npm package's version. */
export function pluginPath(name: PluginName, version: string): string {
  return join("plugins", `resource-${name}-v${version}`, `pulumi-resource-${name}`);
}

/**
 * Builds the engine, its Node.js language host and the plugins into `home`, from the Go module proxy. Minutes of both
 * cores the first time; Go's own build cache makes a build that was interrupted continue where it was.
 */
export async function buildFromModules(
  home: string,
  { go, versions, provider, log }: { go: Go; versions: Versions; provider: AwsProvider; log: Log },
): Promise<void> {
  const work = join(home, "build");
  for (const name of moduleNames) await copySources(name, join(work, name));
  const build = async (name: ModuleName, directory: string, main: string, output: string, symbols: string[] = []) => {
    log(`building ${basename(output)}`);
    const flags = ["-s", "-w", ...symbols.flatMap((symbol) => ["-X", symbol])].join(" ");
    await mkdir(dirname(output), { recursive: true });
    await go(directory, ["build", "-buildvcs=false", "-trimpath", "-ldflags", flags, "-o", output, main]).catch(
      (error: unknown) => {
        throw new Error(`test/toolchain/${name}: ${error instanceof Error ? error.message : String(error)}`);
      },
    );
  };
  const plugin = (name: PluginName) => join(home, pluginPath(name, versions.plugins[name]));

  await build(
    "nodejs",
    join(work, "nodejs"),
    "github.com/pulumi/pulumi/sdk/nodejs/cmd/pulumi-language-nodejs/v3",
    join(home, "bin/pulumi-language-nodejs"),
  );
  await build("command", join(work, "command"), ".", plugin("command"));
  await build("pulumi", join(work, "pulumi"), "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", join(home, "bin/pulumi"), [
    `github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${versions.engine}`,
  ]);
  await build("postgresql", join(work, "postgresql"), ".", plugin("postgresql"), [
    `main.version=${versions.plugins.postgresql}`,
  ]);
  const bridge = join(work, "bridge");
  await copyBridge(go, join(work, "aws"), bridge);
  await build("aws", bridge, "./dynamic/awsbridge", plugin("aws"), [`main.version=${versions.plugins.aws}`]);
  log("asking the AWS provider for its schema");
  await linkProvider(home, versions, provider);
  const schema = await execa(plugin("aws"), ["make-schema"], { reject: false, all: true });
  if (schema.failed) throw new Error(`The AWS plugin could not make its schema from ${provider.path}:\n${schema.all}`);
  await rm(work, { recursive: true, force: true });
}

/** Whether the provider's binary still lies where it lay when the plugin was built. */
export async function hasProvider(home: string, versions: Versions): Promise<boolean> {
  return access(providerLink(home, versions)).then(
    () => true,
    () => false,
  );
}

/** Points the plugin at the provider's binary. */
export async function linkProvider(home: string, versions: Versions, provider: AwsProvider): Promise<void> {
  await rm(providerLink(home, versions), { force: true });
  await symlink(provider.path, providerLink(home, versions));
}

function providerLink(home: string, versions: Versions): string {
  return join(home, dirname(pluginPath("aws", versions.plugins.aws)), "terraform-provider-aws");
}

const Download = z.object({ Dir: z.string() });

/** A copy of the bridge's module, in the version and with the hash of aws/go.mod and go.sum, our main package in it. */
async function copyBridge(go: Go, aws: string, bridge: string): Promise<void> {
  const required = /github\.com\/pulumi\/pulumi-terraform-bridge\/v3 (v[\d.]+)/.exec(
    await readFile(join(aws, "go.mod"), "utf8"),
  );
  const { Dir } = Download.parse(
    JSON.parse(
      await go(aws, ["mod", "download", "-json", `github.com/pulumi/pulumi-terraform-bridge/v3@${required?.[1]}`]),
    ),
  );
  await cp(Dir, bridge, {
    recursive: true,
    filter: (path) => !/(\/docs|\/testdata|_test\.go)$/.test(path.slice(Dir.length)),
  });
  // The module cache is read-only, and so is what was copied from it.
  await execa("chmod", ["-R", "u+w", bridge]);
  await cp(aws, join(bridge, "dynamic/awsbridge"), {
    recursive: true,
    filter: (path) => !/\/go\.(mod|sum)$/.test(path),
  });
}
