import { randomInt } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { loopback } from "../../infra/core/loopback";
import { hostFiles } from "../../infra/host/commands/host-files";
import { type HostPaths, hostPaths, type Slot, slots } from "../../infra/host/commands/paths";
import type { Settings } from "../../infra/settings/settings";
import { eventually, type Supervised, startSupervised } from "../app/supervised";
import { hostImage } from "../cloud/host-image";
import type { IssuedCertificate } from "../rehearsal/certificates";
import { type FrontChanges, frontSettings } from "./front-settings";
import { hasten } from "./hasten";

const log = (line: string) => void process.stderr.write(`${line}\n`);

export type Front = {
  settings: Settings;
  /** Of the loopback range, this front's own: the host's ports are open there. */
  address: string;
  /** Where `/srv/APPLICATION` is. */
  root: string;
  /** The file that nginx reads first. */
  nginxConfig: string;
  /** Makes a slot the one that serves, as the one rename of an activation does. */
  serve(slot: Slot): Promise<void>;
  /** A text of the host's, with the front's own paths. */
  place(text: string): string;
  /** A script of the host's, with the front's own paths. */
  run(script: (paths: HostPaths) => string): Promise<void>;
  stop(): Promise<void>;
};

/**
 * nginx and HAProxy of the host's image with the files that `configure` puts there, on an address of their own. HAProxy sends all to
 * the blue slot. Nothing else of a host runs: a test that needs a backend listens on the slot's port.
 * @param times how many times faster every timeout runs, the programs' own defaults included
 */
export async function startFront(
  issued: IssuedCertificate,
  changes: FrontChanges = {},
  { times = 1 }: { times?: number } = {},
): Promise<Front> {
  const settings = frontSettings(issued, changes);
  const address = `127.${randomInt(200, 250)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
  const directory = await mkdtemp(join(tmpdir(), "front-"));
  // nginx's workers are another user.
  await chmod(directory, 0o755);
  const running: Supervised[] = [];
  const stop = async () => {
    for (const program of running.reverse()) await program.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const image = await hostImage(log);
    const place = relocation(directory, address);
    const paths = hostPaths(settings.app.name);
    const nginxConfig = place("/etc/nginx/nginx.conf");
    const { files } = hostFiles({
      settings,
      database: { address: "database.example", port: 5432, name: "prompt_library", certificateAuthority: "" },
      databaseUsers: {},
      dataVolume: null,
      ports: settings.app.backend.ports,
    });
    for (const { path, content } of files)
      if (/nginx|haproxy|tls|maintenance/.test(path)) await put(place(path), place(hasten(content, times)));
    for (const needed of [`${paths.root}/slots`, "/run/haproxy", "/var/log/nginx"])
      await mkdir(place(needed), { recursive: true });
    for (const slot of slots)
      await symlink(`../../slots/${slot}/frontend`, join(place(paths.serving), slot, "frontend"));
    await symlink("serving/none", place(paths.current));
    const mimeTypes = await readFile(join(image, "etc/nginx/mime.types"), "utf8");
    await put(place("/etc/nginx/mime.types"), mimeTypes);
    const own = await readFile(nginxConfig, "utf8");
    await writeFile(
      nginxConfig,
      own.replace("http {", `http {\n${hasten(nginxDefaults, times)}${temporaryPaths(directory)}`),
    );
    const haproxy = [place("/etc/haproxy/haproxy.cfg"), join(place(paths.serving), "blue/haproxy.cfg")];
    running.push(
      await startOfImage(image, "nginx", ["-c", nginxConfig, "-p", directory, "-g", "daemon off;"]),
      await startOfImage(image, "haproxy", ["-db", ...haproxy.flatMap((file) => ["-f", file])]),
    );
    for (const port of [443, loopback.backend])
      await eventually(() => listens(address, port), { deadlineMs: 10_000 }).catch(() => {
        throw new Error(`nothing listens on ${port}: ${running.map((program) => program.output()).join("\n")}`);
      });
    return {
      settings,
      address,
      root: place(paths.root),
      nginxConfig,
      async serve(slot) {
        await symlink(`serving/${slot}`, `${place(paths.current)}.new`);
        await rename(`${place(paths.current)}.new`, place(paths.current));
      },
      place,
      async run(script) {
        await execa("bash", ["-euo", "pipefail", "-c", place(script(paths))]);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** nginx's own values (its documentation's) where no file of ours has another, written out so that they are hastened too. */
const nginxDefaults = ["client_body", "client_header", "send", "proxy_connect"]
  .map((name) => `${name}_timeout 60s;\n`)
  .join("");

const temporaryPaths = (directory: string) =>
  ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${directory}/${name};\n`)
    .join("");

/** A program of the image with its libraries: this machine may have others, or none. */
async function startOfImage(image: string, name: string, args: readonly string[]): Promise<Supervised> {
  const loader = [join(image, "lib64/ld-linux-x86-64.so.2"), "--library-path", join(image, "usr/lib/x86_64-linux-gnu")];
  return startSupervised([...loader, join(image, "usr/sbin", name), ...args], { PATH: process.env.PATH });
}

/** The host's paths, addresses and users as this machine has them, in a text or a path. */
function relocation(directory: string, address: string): (text: string) => string {
  const moved: [RegExp | string, string][] = [
    [/(?<![\w/])\/(srv|etc|run|var)\//g, `${directory}/$1/`],
    [/listen (\d+)(?=[ ;])/g, `listen ${address}:$1`],
    ["127.0.0.1:", `${address}:`],
    [/(user|group) haproxy/g, "$1 root"],
  ];
  return (text) => moved.reduce((now, [from, to]) => now.replaceAll(from, to), text);
}

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

async function listens(address: string, port: number): Promise<void> {
  const socket = connect(port, address);
  try {
    await once(socket, "connect");
  } finally {
    socket.destroy();
  }
}
