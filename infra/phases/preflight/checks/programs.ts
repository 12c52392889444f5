import type { StepContext } from "../../../context/step";
import { Failure } from "../../../core/failure";
import { loopback } from "../../../core/loopback";
import { line } from "../../../host/commands/shell";
import { nodeVersionOf } from "../../../release/artifact/node-version";

const oldestNode = 18;

/** PRE-4.1: the artifact's runtime and the host's where it has one. */
export async function nodeVersion({ input, host }: StepContext): Promise<string> {
  const version = await nodeVersionOf(input.settings.app, input.release.commit);
  if (majorOf(version) < oldestNode)
    throw new Failure(
      "node-too-old",
      `Node.js must be ${oldestNode} or newer; ${input.release.name} carries ${version}, by app.build.nodeVersion or by the release itself`,
      "pulumi config set --path app.build.nodeVersion VERSION",
    );
  const onHost = await host.run("asking the host's Node.js", "node --version 2>/dev/null || echo none");
  if (onHost === "none") return `the artifact carries Node.js ${version}; the host has none of its own and needs none`;
  if (majorOf(onHost.replace(/^v/, "")) < oldestNode)
    throw new Failure(
      "node-too-old",
      `the host's own Node.js is ${onHost}; ${oldestNode} or newer is asked for`,
      "apt-get remove nodejs on the host: releases carry their own",
    );
  return `the artifact carries Node.js ${version}; the host's own is ${onHost} and not used`;
}

function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

/** PRE-4.3 */
export async function redis({ host }: StepContext): Promise<string> {
  const answer = await host.run("asking Redis", line("redis-cli", "-p", String(loopback.redis), "ping"));
  if (answer !== "PONG")
    throw new Failure(
      "redis-silent",
      `Redis answered PING with ${answer}`,
      "systemctl status redis-server on the host",
    );
  return "PING answered PONG";
}
