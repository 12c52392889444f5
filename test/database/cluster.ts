import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { masterUser, roleNames, statisticsRole } from "../../infra/core/role-names";
import { firstRoles } from "../cloud/database-files";
import { freePort } from "../free-port";
import { type Server, serverOf } from "./servers";

const startDeadlineMs = 60_000;

/** What `pg` needs to connect; the owner of the schema, no superuser, exactly as on RDS. */
export type ClusterConnection = { host: string; port: number; user: string; password: string; database: string };

export type Cluster = {
  server: Server;
  /** As `connection`, for programs that want one string. */
  url: string;
  connection: ClusterConnection;
  /** Who made the owner and its databases: no superuser either, with what RDS gives it. */
  master: ClusterConnection;
  /** For what a test must see or do that the owner may not. */
  superuser: ClusterConnection;
  /** Another empty database of the same owner; dropped with the cluster. */
  createDatabase(name: string): Promise<ClusterConnection>;
  stop(): Promise<void>;
};

/**
 * A throw-away PostgreSQL on a free loopback port, of the version that POSTGRESQL_MAJOR names (15 without), its files in a new temp directory, run as an
 * unprivileged user, fsync off. A supervisor holds it: when `stop` is called or this process dies, even by kill -9, its
 * standard input closes, and it ends the server and removes the directory.
 *
 * @throws when that PostgreSQL is not installed or does not answer within a minute; the message ends with the server's log.
 */
export async function startCluster(options: { settings?: Record<string, string> } = {}): Promise<Cluster> {
  const server = await serverOf();
  const identity = await unprivileged();
  const directory = await mkdtemp(join(tmpdir(), "prompt-library-postgresql-"));
  let supervisor: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (supervisor && supervisor.exitCode === null && supervisor.signalCode === null) {
      const ended = once(supervisor, "exit");
      supervisor.stdin?.end();
      await ended;
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const superuser = {
      host: "127.0.0.1",
      port: await freePort(),
      user: "postgres",
      password: password(),
      database: "postgres",
    };
    const data = join(directory, "data");
    const passwordFile = join(directory, "password");
    await mkdir(data, { mode: 0o700 });
    await writeFile(passwordFile, superuser.password, { mode: 0o600 });
    if (identity)
      await Promise.all([directory, data, passwordFile].map((path) => chown(path, identity.uid, identity.gid)));
    await chmod(directory, 0o700);
    await run(
      join(server.programs, "initdb"),
      [
        "--pgdata",
        data,
        "--username",
        "postgres",
        "--pwfile",
        passwordFile,
        "--auth",
        "scram-sha-256",
        "--encoding",
        "UTF8",
        "--locale",
        "C.UTF-8",
        // As RDS does.
        "--data-checksums",
        "--no-sync",
      ],
      identity,
    );
    await rm(passwordFile);

    const settings = {
      listen_addresses: superuser.host,
      port: String(superuser.port),
      unix_socket_directories: "",
      fsync: "off",
      synchronous_commit: "off",
      full_page_writes: "off",
      max_connections: "60",
      shared_buffers: "128MB",
      ...options.settings,
    };
    const log = join(directory, "log");
    supervisor = spawn(
      "/bin/sh",
      [
        "-c",
        supervise,
        "supervise",
        directory,
        log,
        join(server.programs, "postgres"),
        "-D",
        data,
        ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
      ],
      {
        ...identity,
        cwd: directory,
        detached: true,
        stdio: ["pipe", "ignore", "ignore"],
      },
    );
    await answering(superuser, supervisor, log);

    const master = { ...superuser, user: masterUser, password: password() };
    await asOne(superuser, [firstRoles(server.major, master.user, master.password, null)]);
    // From here on as the deployment's roles are made.
    const owner = { ...superuser, user: roleNames.owner, password: password(), database: "prompt_library" };
    await asOne(master, [
      `CREATE ROLE ${owner.user} LOGIN PASSWORD '${owner.password}'`,
      `GRANT ${statisticsRole} TO ${owner.user}`,
      `GRANT ${owner.user} TO ${master.user}`,
      `CREATE DATABASE ${owner.database} OWNER ${owner.user}`,
    ]);
    return {
      server,
      url: `postgresql://${owner.user}:${owner.password}@${owner.host}:${owner.port}/${owner.database}`,
      connection: owner,
      master,
      superuser,
      async createDatabase(name) {
        await asOne(master, [`CREATE DATABASE ${pg.escapeIdentifier(name)} OWNER ${owner.user}`]);
        return { ...owner, database: name };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Reading standard input ends when the pipe's other end is closed, by whatever means. The directory stays until then: its log is read. */
const supervise = `
directory=$1 log=$2; shift 2
exec 3<&0
"$@" >"$log" 2>&1 3<&- & server=$!
{ cat <&3 >/dev/null; kill -QUIT "$server" 2>/dev/null; } &
wait "$server"
cat <&3 >/dev/null
rm -rf "$directory"
`;

async function unprivileged(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const passwd = await readFile("/etc/passwd", "utf8");
  const entry = passwd
    .split("\n")
    .map((line) => line.split(":"))
    .find(([name]) => name === "postgres");
  if (!entry) throw new Error("no user postgres: install Debian's package postgresql-15, which makes it");
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

async function run(command: string, args: string[], identity: { uid: number; gid: number } | undefined): Promise<void> {
  const child = spawn(command, args, { ...identity, cwd: "/", stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${said}`);
}

async function answering(connection: ClusterConnection, supervisor: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + startDeadlineMs;
  for (;;) {
    try {
      return await asOne(connection, []);
    } catch (error) {
      if (Date.now() > deadline || supervisor.exitCode !== null) {
        throw new Error(
          `PostgreSQL did not start: ${String(error)}\n${await readFile(log, "utf8").catch(() => "(no log)")}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Runs the statements one after the other in a session of their own. */
export async function asOne(connection: ClusterConnection, statements: string[]): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

function password(): string {
  return randomBytes(18).toString("base64url");
}
