import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { execa } from "execa";
import { serverOf } from "../database/servers";
import { databaseCertificate } from "./certificates";
import {
  type ClusterPaths,
  changePassword,
  firstRoles,
  forcesTls,
  pgHba,
  pgIdent,
  postgresqlConf,
  postmasterScript,
} from "./database-files";
import { type CloudNames, markerVariable } from "./names";
import { asPostgres, extensionOverrides } from "./postgres";

export interface ClusterArgs {
  identifier: string;
  /** The endpoint's DNS name, for which the certificate is made. */
  endpoint: string;
  address: string;
  port: number;
  major: number;
  masterUser: string;
}

/** A PostgreSQL cluster behind an RDS identifier. */
export class Cluster {
  readonly paths: ClusterPaths;
  private readonly directory: string;
  private process: ChildProcess | null = null;
  private parameters: Record<string, string> = {};
  private hosts: readonly string[] = [];
  /** Called where it ended by itself. */
  onCrash: () => void = () => {};

  constructor(
    private readonly names: CloudNames,
    readonly args: ClusterArgs,
    /** A number that never repeats in this cloud: a socket's path may have 107 characters, an identifier alone has 63. */
    number: number,
  ) {
    this.directory = join(names.state, "databases", String(number));
    this.paths = {
      data: join(this.directory, "data"),
      socket: this.directory,
      certificate: join(this.directory, "tls/server.crt"),
      key: join(this.directory, "tls/server.key"),
    };
  }

  /** Initialises an empty cluster and its master user, and starts it. */
  async create(password: string, database: string | null, parameters: Record<string, string>): Promise<void> {
    await this.prepare();
    const { programs } = await serverOf(this.args.major);
    await asPostgres(this.names, join(programs, "initdb"), [
      ...["--pgdata", this.paths.data, "--username=rdsadmin", "--auth-local=peer", "--auth-host=scram-sha-256"],
      ...["--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-instructions"],
    ]);
    await this.start(parameters);
    await this.sql(firstRoles(this.args.major, this.args.masterUser, password, database));
  }

  /** Starts from a base backup. */
  async restore(backup: string, parameters: Record<string, string>): Promise<void> {
    await this.prepare();
    await execa("cp", ["-a", "--reflink=auto", backup, this.paths.data]);
    await this.start(parameters);
  }

  private async prepare(): Promise<void> {
    await execa("install", ["-d", "-o", "postgres", "-g", "postgres", "-m", "0700", this.directory]);
    await databaseCertificate(this.names.home, this.args.endpoint, join(this.directory, "tls"));
    await execa("chown", ["-R", "postgres:postgres", join(this.directory, "tls")]);
    await execa("chmod", ["0600", this.paths.key]);
  }

  /** Returns when it answers; raises with the log's end where it doesn't. */
  async start(parameters: Record<string, string>, deadlineMs = 60_000): Promise<void> {
    if (this.process) return;
    this.parameters = parameters;
    await execa("ip", ["address", "replace", `${this.args.address}/32`, "dev", "lo"]);
    await this.writeConfig();
    const server = await serverOf(this.args.major);
    const overrides = await extensionOverrides(join(this.names.state, "extensions", String(server.major)), server);
    const log = join(this.names.home, "logs", `postgresql-${this.args.identifier}.log`);
    await mkdir(join(this.names.home, "logs"), { recursive: true, mode: 0o700 });
    const output = openSync(log, "a", 0o600);
    const script = postmasterScript({ binaries: server.programs, data: this.paths.data, overrides });
    const child = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", script], {
      cwd: "/",
      stdio: ["ignore", output, output],
      env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8", [markerVariable]: this.names.id },
    });
    closeSync(output);
    this.process = child;
    child.once("close", () => {
      if (this.process !== child) return;
      this.process = null;
      this.onCrash();
    });
    for (const deadline = Date.now() + deadlineMs; !(await this.answers()); await pause(50))
      if (this.process !== child || Date.now() > deadline) {
        const end = (await readFile(log, "utf8")).split("\n").slice(-8).join("\n");
        throw new Error(`PostgreSQL ${this.args.identifier} did not come up; its log ends:\n${end}`);
      }
  }

  /** Fast shutdown: open transactions are rolled back. */
  async stop(): Promise<void> {
    const child = this.process;
    if (!child) return;
    this.process = null;
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.kill("SIGINT");
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    await execa("ip", ["address", "delete", `${this.args.address}/32`, "dev", "lo"], { reject: false });
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Puts a base backup of it there, which another cluster can start from; of a stopped one, a copy. */
  async backUp(directory: string): Promise<void> {
    if (!this.process) {
      await execa("cp", ["-a", "--reflink=auto", this.paths.data, directory]);
      return;
    }
    const { clients } = await serverOf(this.args.major);
    await asPostgres(this.names, join(clients, "pg_basebackup"), [
      ...["--host", this.paths.socket, "--port", String(this.args.port), "--username=rdsadmin"],
      ...["--pgdata", directory, "--checkpoint=fast", "--wal-method=stream", "--no-password"],
    ]);
  }

  /** Renews who may connect. */
  async allow(hosts: readonly string[]): Promise<void> {
    if (hosts.join() === this.hosts.join()) return;
    this.hosts = hosts;
    await this.reload();
  }

  /** Dynamic parameters take effect at once, without a restart. */
  async apply(parameters: Record<string, string>): Promise<void> {
    this.parameters = parameters;
    await this.reload();
  }

  get applied(): Readonly<Record<string, string>> {
    return this.parameters;
  }

  async changePassword(password: string): Promise<void> {
    await this.sql(changePassword(this.args.masterUser, password));
  }

  private async reload(): Promise<void> {
    if (!this.process) return;
    await this.writeConfig();
    await this.sql("SELECT pg_reload_conf();");
  }

  private async writeConfig(): Promise<void> {
    const { address, port } = this.args;
    const files = {
      "postgresql.conf": postgresqlConf(this.paths, { address, port, parameters: this.parameters }),
      "pg_hba.conf": pgHba(this.hosts, forcesTls(this.parameters)),
      "pg_ident.conf": pgIdent,
      "postgresql.auto.conf": "",
    };
    for (const [name, content] of Object.entries(files)) {
      const file = join(this.paths.data, name);
      await writeFile(file, content, { mode: 0o600 });
      await execa("chown", ["postgres:postgres", file]);
    }
  }

  /** As superuser, over the socket; statements come by stdin, so no password shows in a list of processes. */
  private sql(statements: string): Promise<string> {
    return asPostgres(
      this.names,
      "psql",
      [
        "--no-psqlrc",
        "--quiet",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        this.paths.socket,
        "-p",
        String(this.args.port),
        "-U",
        "rdsadmin",
        "-d",
        "postgres",
      ],
      `SET log_min_error_statement = panic;\nSET log_statement = none;\n${statements}`,
    );
  }

  private async answers(): Promise<boolean> {
    const { clients } = await serverOf(this.args.major);
    const { exitCode } = await execa(
      join(clients, "pg_isready"),
      ["-q", "-h", this.paths.socket, "-p", String(this.args.port)],
      { reject: false },
    );
    return exitCode === 0;
  }
}
