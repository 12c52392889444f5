import { spawn } from "node:child_process";
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { execa } from "execa";
import { botocoreDescriptions } from "../toolchain/moto";
import { motoAddress } from "./api";
import { serveArchive } from "./archive";
import { Backups } from "./backup";
import { BucketPolicies } from "./bucket-policies";
import { databaseAuthority } from "./certificates";
import { Ec2 } from "./ec2";
import { deliver } from "./events";
import { RestOperations } from "./iam/operations";
import { Permissions } from "./iam/permissions";
import { Principals } from "./iam/principals";
import { machineImages } from "./images";
import { Metadata } from "./metadata";
import { cloudNames, gatewayAddress, metadataAddress } from "./names";
import { Outside } from "./outside";
import { serveProviders } from "./providers";
import { answerWith } from "./proxy";
import { Rds } from "./rds";
import { readRecord } from "./record";
import { snsHandlers } from "./sns";

const [home] = process.argv.slice(2);
const { LOCAL_CLOUD_MOTO: moto, LOCAL_CLOUD_IMAGE: image } = process.env;
if (!home || !moto || !image) throw new Error("daemon.ts is started by startCloud");
const names = cloudNames(home);
const record = readRecord(home);
if (!record) throw new Error(`${home} holds no record of this cloud`);

const log = (line: string) => console.log(`${new Date().toISOString()} ${line}`);

// Without the door nothing can be opened outside, and nobody reaches what is in here.
process.on("disconnect", () => process.exit(1));

mkdirSync(join(home, "logs"), { recursive: true, mode: 0o700 });
mkdirSync(names.state, { recursive: true, mode: 0o711 });
await databaseAuthority(home);
await execa("ip", ["link", "set", "lo", "up"]);
for (const address of [gatewayAddress, metadataAddress])
  await execa("ip", ["address", "replace", `${address}/32`, "dev", "lo"]);
await startMoto(moto);

const outside = new Outside();
const ec2 = new Ec2({ names, image, port: record.port, outside, log });
const rds = new Rds({ names, ec2, log });
ec2.databaseNames = () => rds.databaseNames();

const principals = new Principals();
const buckets = new BucketPolicies();
const answer = answerWith({
  permissions: new Permissions(principals, buckets),
  buckets,
  operations: new RestOperations(await botocoreDescriptions(moto)),
  handlers: { ec2: ec2.handlers, rds: rds.handlers, sns: snsHandlers() },
  backups: new Backups((region, event) =>
    deliver(region, event).catch((error: unknown) => log(`delivering an event of ${event.source}: ${String(error)}`)),
  ),
  onChange: async () => {
    await ec2.refresh();
    await rds.refresh();
  },
  staleNote:
    `this local cloud was started at ${record.startedAt} and holds only what was made since: a stack deployed before is gone with ` +
    "the cloud before. `npm run rehearse -- --down` clears the rehearsal, `pulumi stack rm --force` any other stack",
  status: { run: record.run, startedAt: record.startedAt },
  log,
});

const metadata = new Metadata(ec2, principals);
const metadataServer = createServer((request, response) => {
  metadata.answer(request, response).catch((error: unknown) => {
    log(`instance metadata: ${String(error)}`);
    response.writeHead(500).end();
  });
});
metadataServer.listen(80, metadataAddress);
createServer(answer).listen(record.port, gatewayAddress);
await serveProviders(home);
await serveArchive(image);

const api = createServer(answer);
const door = await outside.listen("127.0.0.1", record.port);
door.on("connection", (socket) => api.emit("connection", socket));
log("the endpoint answers");

async function startMoto(program: string, deadlineMs = 60_000): Promise<void> {
  const images = join(names.state, "images.json");
  writeFileSync(images, JSON.stringify(machineImages));
  const output = openSync(join(names.home, "logs", "moto.log"), "a", 0o600);
  const server = spawn(program, ["-H", motoAddress.host, "-p", String(motoAddress.port)], {
    cwd: names.home,
    stdio: ["ignore", output, output],
    env: { ...process.env, MOTO_AMIS_PATH: images, MOTO_IAM_LOAD_MANAGED_POLICIES: "true" },
  });
  server.on("error", (error) => {
    log(`moto could not be started: ${error.message}`);
    process.exit(1);
  });
  server.on("exit", (code) => {
    log(`moto ended with ${code}; with it everything that this cloud knew. logs/moto.log tells why`);
    process.exit(1);
  });
  const url = `http://${motoAddress.host}:${motoAddress.port}/moto-api/`;
  for (const deadline = Date.now() + deadlineMs; ; await pause(50)) {
    if (
      await fetch(url).then(
        (reply) => reply.ok,
        () => false,
      )
    )
      return;
    if (Date.now() > deadline) throw new Error(`moto did not answer within ${deadlineMs} ms; logs/moto.log tells why`);
  }
}
