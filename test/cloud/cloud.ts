import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, openSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { cacheDirectory } from "../cache";
import { majors, serverOf } from "../database/servers";
import type { Log } from "../toolchain/build-once";
import { withLock } from "../toolchain/lock";
import { motoServer } from "../toolchain/moto";
import { clear } from "./clear";
import { codeDigest } from "./code-digest";
import { hostImage } from "./host-image";
import { prepareMachine } from "./machine";
import { type CloudNames, cloudNames, markerVariable } from "./names";
import { end, identify, isAlive } from "./processes";
import { type CloudRecord, changeRecord, readRecord, writeRecord } from "./record";
import { usualPort } from "./usual-port";

export interface CloudOptions {
  /** Where the cloud keeps its record, logs and certificate authority. Two clouds have two homes. */
  home?: string;
  log?: Log;
}

export interface Cloud {
  home: string;
  /** The endpoint that answers in Amazon's place. */
  endpoint: string;
  /** What a program needs in its environment to talk to it. */
  environment: Record<string, string>;
}

export interface CloudStatus {
  isRunning: boolean;
  /** ISO 8601; null where it doesn't run. */
  startedAt: string | null;
  endpoint: string | null;
  /** Left by a cloud that was killed; `start` and `stop` clear it. */
  hasLeftovers: boolean;
}

/** Starts the local cloud, or finds it started. Seconds; minutes where image and moto must be made first. */
export async function startCloud(options: CloudOptions = {}): Promise<Cloud> {
  const { names, log } = resolve(options);
  mkdirSync(names.home, { recursive: true, mode: 0o700 });
  return withLock(join(names.home, "lock"), log, async () => {
    const found = readRecord(names.home);
    if (found && (await answers(found))) {
      log(`the local cloud is already there, since ${found.startedAt}: ${endpointOf(found)}`);
      if (found.code !== codeDigest())
        log(
          "it was started from another version of test/cloud, and may not know what this one asks of it: should a resource not come up, stop it (npm run rehearse -- --down) and begin anew",
        );
      return describe(names, found);
    }
    await prepareMachine(log);
    if (found) {
      log(`the local cloud of ${found.startedAt} was killed; clearing what it left`);
      await clear(names, found);
    }
    const moto = await motoServer(log);
    // The daemon's network has no way to a registry.
    for (const major of majors) await serverOf(major, log);
    const image = await hostImage(log);
    const port = await usualPort(names.home);
    const record: CloudRecord = {
      id: names.id,
      run: randomUUID(),
      startedAt: new Date().toISOString(),
      code: codeDigest(),
      port,
      daemon: null,
      namespaces: [names.network],
      loopFiles: [],
    };
    writeRecord(names.home, record);
    try {
      await execa("ip", ["netns", "add", names.network]);
      const pid = launch(names, { moto, image });
      const daemon = await identify(pid);
      changeRecord(names.home, (current) => (current.daemon = daemon));
      await waitForAnswer(names, { ...record, daemon });
    } catch (error) {
      await clear(names, readRecord(names.home));
      throw error;
    }
    log(`the local cloud answers: ${endpointOf(record)}`);
    return describe(names, record);
  });
}

/** Ends the local cloud and whatever it made on this machine; all that it held is gone. */
export async function stopCloud(options: CloudOptions = {}): Promise<void> {
  const { names, log } = resolve(options);
  await withLock(join(names.home, "lock"), log, async () => {
    const record = readRecord(names.home);
    if (record?.daemon) await end([record.daemon]);
    // Also without a record: names come from the home's path, and somebody may have deleted what was in it.
    await clear(names, record);
    if (!record) return log("there is no local cloud");
    rmSync(join(names.home, "cloud.json"));
    log("the local cloud is stopped, and what it held is gone with it");
  });
}

export async function cloudStatus(options: CloudOptions = {}): Promise<CloudStatus> {
  const { names } = resolve(options);
  const record = readRecord(names.home);
  const isRunning = record !== null && (await answers(record));
  return {
    isRunning,
    startedAt: isRunning ? record.startedAt : null,
    endpoint: isRunning ? endpointOf(record) : null,
    hasLeftovers: record !== null && !isRunning,
  };
}

function resolve(options: CloudOptions): { names: CloudNames; log: Log } {
  const home = options.home ?? cacheDirectory("cloud");
  return { names: cloudNames(existsSync(home) ? realpathSync(home) : home), log: options.log ?? (() => {}) };
}

const endpointOf = (record: CloudRecord) => `http://127.0.0.1:${record.port}`;

function describe(names: CloudNames, record: CloudRecord): Cloud {
  const endpoint = endpointOf(record);
  return {
    home: names.home,
    endpoint,
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: "us-east-1",
      AWS_DEFAULT_REGION: "us-east-1",
      // moto believes anyone; these are its customary dummies.
      AWS_ACCESS_KEY_ID: "testing",
      AWS_SECRET_ACCESS_KEY: "testing",
      AWS_EC2_METADATA_DISABLED: "true",
    },
  };
}

/** Detached: it outlives whoever started it. */
function launch(names: CloudNames, programs: { moto: string; image: string }): number {
  const output = openSync(join(names.home, "daemon.log"), "a", 0o600);
  const door = spawn(
    process.execPath,
    [
      "--import",
      import.meta.resolve("tsx"),
      fileURLToPath(new URL("door.ts", import.meta.url)),
      names.home,
      names.network,
    ],
    {
      cwd: "/",
      detached: true,
      stdio: ["ignore", output, output],
      env: {
        ...process.env,
        NODE_OPTIONS: "",
        [markerVariable]: names.id,
        LOCAL_CLOUD_MOTO: programs.moto,
        LOCAL_CLOUD_IMAGE: programs.image,
      },
    },
  );
  door.unref();
  if (door.pid === undefined) throw new Error("node could not be started for the local cloud's daemon");
  return door.pid;
}

async function waitForAnswer(names: CloudNames, record: CloudRecord, deadlineMs = 120_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await answers(record))) {
    const hasEnded = !record.daemon || !(await isAlive(record.daemon));
    if (hasEnded || Date.now() > deadline) {
      const log = readFileSync(join(names.home, "daemon.log"), "utf8").split("\n").slice(-20).join("\n");
      throw new Error(
        `the local cloud ${hasEnded ? "ended while starting" : `did not answer within ${deadlineMs} ms`}; its log ends:\n${log}`,
      );
    }
    await pause(100);
  }
}

async function answers(record: CloudRecord): Promise<boolean> {
  try {
    const reply = await fetch(`${endpointOf(record)}/_local-cloud`, { signal: AbortSignal.timeout(5_000) });
    const { run } = (await reply.json()) as { run?: string };
    return run === record.run;
  } catch {
    return false;
  }
}
