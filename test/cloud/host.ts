import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { execa } from "execa";
import { clearHost } from "./clear";
import {
  bootScript,
  cloudConfig,
  type DatabaseName,
  hostNameOf,
  hostsFile,
  internetCommand,
  kernelSettingsUnits,
  metaData,
  networkCommands,
} from "./host-files";
import { type CloudNames, gatewayAddress, hostInterface, hostNamespace, markerVariable } from "./names";
import { changeRecord } from "./record";
import { type AttachedVolume, devicesFile } from "./volume-files";

export interface HostArgs {
  instanceId: string;
  region: string;
  privateAddress: string;
  /** Exactly as the caller sent it, decoded. */
  userData: Buffer;
  publicKey: string | null;
  image: string;
  port: number;
}

/** An instance: a Debian that boots under systemd-nspawn on a disk of its own over the image. */
export class Host {
  readonly namespace: string;
  private readonly disk: string;
  private readonly consoleFile: string;
  private process: ChildProcess | null = null;
  private databases: readonly DatabaseName[] = [];
  /** Null until it has a network. */
  private isOnline: boolean | null = null;
  /** Called where the host ended by itself: it was powered off from inside. */
  onPowerOff: () => void = () => {};

  constructor(
    private readonly names: CloudNames,
    readonly args: HostArgs,
  ) {
    this.namespace = hostNamespace(names, args.instanceId);
    this.disk = join(names.state, "hosts", args.instanceId);
    this.consoleFile = join(names.home, "logs", `${args.instanceId}.console.log`);
  }

  get isRunning(): boolean {
    return this.process !== null;
  }

  /** Makes network and disk, and boots for the first time; returns when the machine starts, not when it has booted. */
  async launch(databases: readonly DatabaseName[], isOnline: boolean): Promise<void> {
    const { instanceId, privateAddress, userData, publicKey, port } = this.args;
    this.databases = databases;
    changeRecord(this.names.home, (record) => record.namespaces.push(this.namespace));
    for (const command of networkCommands(
      this.names.network,
      this.namespace,
      hostInterface(instanceId),
      privateAddress,
    ))
      await execa("ip", command);
    this.isOnline = !isOnline;
    await this.goOnline(isOnline);
    for (const part of ["work", "root"]) await mkdir(join(this.disk, part), { recursive: true });
    const seed = "var/lib/cloud/seed/nocloud";
    await this.write(`${seed}/user-data`, userData, 0o600);
    await this.write(`${seed}/meta-data`, metaData(instanceId, privateAddress, publicKey));
    await this.write("etc/cloud/cloud.cfg.d/99_local_cloud.cfg", cloudConfig);
    for (const [unit, content] of Object.entries(kernelSettingsUnits))
      await this.write(`etc/systemd/system/${unit}`, content);
    await this.write("etc/hostname", `${hostNameOf(privateAddress)}\n`);
    await this.write("etc/environment", `AWS_ENDPOINT_URL=http://${gatewayAddress}:${port}\n`);
    // Not the names as they were when this began: a database may have come since.
    await this.boot(this.databases);
  }

  /** Whether it reaches what is outside its VPC: without a public address nothing answers there. */
  async goOnline(isOnline: boolean): Promise<void> {
    if (this.isOnline === null || isOnline === this.isOnline) return;
    this.isOnline = isOnline;
    await execa("ip", internetCommand(this.namespace, isOnline));
  }

  async boot(databases: readonly DatabaseName[]): Promise<void> {
    if (this.process) return;
    this.databases = databases;
    const { privateAddress, image } = this.args;
    await this.write("etc/hosts", hostsFile(privateAddress, databases));
    const cgroups = ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"].map((root) => join(root, this.namespace));
    const script = bootScript({ namespace: this.namespace, privateAddress, image, disk: this.disk, cgroups });
    const console = createWriteStream(this.consoleFile, { flags: "a", mode: 0o600 });
    const child = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", script], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, [markerVariable]: this.names.id },
    });
    child.stdout.pipe(console, { end: false });
    child.stderr.pipe(console, { end: false });
    this.process = child;
    child.once("close", () => {
      console.end();
      if (this.process !== child) return;
      this.process = null;
      this.onPowerOff();
    });
  }

  /** What its console shows, as much of it as Amazon keeps. */
  async consoleOutput(): Promise<Buffer> {
    return (await readFile(this.consoleFile).catch(() => Buffer.alloc(0))).subarray(-64 * 1024);
  }

  /** Shuts down in order, by force after the deadline. */
  async powerOff(deadlineMs = 60_000): Promise<void> {
    const child = this.process;
    if (!child) return;
    this.process = null;
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    // To nspawn SIGTERM means: shut the host down in order.
    child.kill("SIGTERM");
    await Promise.race([ended, pause(deadlineMs, undefined, { ref: false })]);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await ended;
    }
  }

  /** Disk, network and control groups go. */
  async remove(): Promise<void> {
    const child = this.process;
    this.process = null;
    if (child) {
      const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
      child.kill("SIGKILL");
      await ended;
    }
    await clearHost(this.namespace);
    await rm(this.disk, { recursive: true, force: true });
    changeRecord(
      this.names.home,
      (record) => (record.namespaces = record.namespaces.filter((one) => one !== this.namespace)),
    );
  }

  /** Tells the running host what the names of the databases are now. One that is still booting is waited for. */
  async updateDatabases(databases: readonly DatabaseName[]): Promise<void> {
    const known = new Set(
      [this.databases, databases].flatMap((names) => hostsFile(this.args.privateAddress, names).split("\n")),
    );
    this.databases = databases;
    const leader = await this.leaderOnceBooting();
    if (leader === null) return;
    // Lines that the host's owner added stay.
    const file = `/proc/${leader}/root/etc/hosts`;
    const added = (await readFile(file, "utf8")).split("\n").filter((line) => !known.has(line));
    const names = hostsFile(this.args.privateAddress, this.databases).trimEnd().split("\n");
    await writeFile(file, [...names, ...added, ""].join("\n"));
  }

  /** Until the host has a root of its own, its first child is a helper of the boot, whose root is this machine's. */
  private async leaderOnceBooting(deadlineMs = 30_000): Promise<number | null> {
    const ours = await stat("/");
    for (const end = Date.now() + deadlineMs; this.process && Date.now() < end; await pause(100)) {
      const leader = await this.leader();
      const root = leader === null ? null : await stat(`/proc/${leader}/root/etc/hosts`).catch(() => null);
      const theirs = leader === null ? null : await stat(`/proc/${leader}/root/`).catch(() => null);
      if (root && theirs && (theirs.dev !== ours.dev || theirs.ino !== ours.ino)) return leader;
    }
    return null;
  }

  /** Gives the running host these block devices, now and at each boot. */
  async showVolumes(volumes: readonly AttachedVolume[]): Promise<void> {
    const leader = await this.leader();
    if (leader === null) throw new Error(`${this.args.instanceId} is not running`);
    const root = `/proc/${leader}/root`;
    await rm(`${root}/dev/disk/by-id`, { recursive: true, force: true });
    for (const entry of await readdir(`${root}/dev`)) if (/^nvme\d+n1$/.test(entry)) await rm(`${root}/dev/${entry}`);
    await mkdir(`${root}/etc/tmpfiles.d`, { recursive: true });
    await writeFile(`${root}/etc/tmpfiles.d/local-cloud-volumes.conf`, devicesFile(volumes));
    if (volumes.length > 0)
      await this.inside("systemd-tmpfiles", ["--create", "/etc/tmpfiles.d/local-cloud-volumes.conf"]);
  }

  /** Runs one of the host's own programs there. */
  async inside(program: string, args: string[]): Promise<void> {
    const leader = await this.leader();
    if (leader === null) throw new Error(`${this.args.instanceId} is not running`);
    await execa("nsenter", [`--target=${leader}`, "--mount", "--pid", "--root", "--wd=/", program, ...args]);
  }

  /** The process id of the host's systemd, seen from here. */
  async leader(): Promise<number | null> {
    const pid = this.process?.pid;
    if (pid === undefined) return null;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
    const first = Number(children.trim().split(" ")[0]);
    return first > 0 ? first : null;
  }

  private async write(path: string, content: string | Buffer, mode = 0o644): Promise<void> {
    const file = join(this.disk, "upper", path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, content, { mode });
  }
}
