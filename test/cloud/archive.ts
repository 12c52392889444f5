import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { execa } from "execa";
import { archivePath, archivePort } from "./host-image";
import { gatewayAddress } from "./names";

/** What stands for Debian's archive: the packages that the image leaves to user data, where a host with a public address reaches them. */
export async function serveArchive(image: string): Promise<void> {
  const directory = join(image, archivePath);
  const files = new Map<string, Buffer>();
  const index: string[] = [];
  for (const name of await readdir(directory)) {
    const content = await readFile(join(directory, name));
    const { stdout: fields } = await execa("dpkg-deb", ["--field", join(directory, name)]);
    const digest = createHash("sha256").update(content).digest("hex");
    files.set(`/${name}`, content);
    index.push(`${fields.trim()}\nFilename: ./${name}\nSize: ${content.length}\nSHA256: ${digest}\n`);
  }
  files.set("/Packages", Buffer.from(`${index.join("\n")}\n`));
  const server = createServer((request, response) => {
    const content = files.get((request.url ?? "").replace(/^\/\./, ""));
    if (content === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-length": content.length }).end(content);
  });
  await once(server.listen(archivePort, gatewayAddress), "listening");
}
