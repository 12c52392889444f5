import { cloudStatus, startCloud, stopCloud } from "./cloud";

const usage = "usage: npx tsx test/cloud/main.ts start | stop | status [--home DIRECTORY]";
const [command, ...rest] = process.argv.slice(2);
const home = rest[0] === "--home" ? rest[1] : undefined;
const options = { ...(home ? { home } : {}), log: (line: string) => console.error(line) };

switch (command) {
  case "start": {
    const cloud = await startCloud(options);
    for (const [name, value] of Object.entries(cloud.environment)) console.log(`export ${name}=${value}`);
    break;
  }
  case "stop":
    await stopCloud(options);
    break;
  case "status": {
    const status = await cloudStatus(options);
    if (status.isRunning) console.log(`running since ${status.startedAt}: ${status.endpoint}`);
    else console.log(status.hasLeftovers ? "killed; `stop` or `start` clears what it left" : "not running");
    break;
  }
  default:
    console.error(usage);
    process.exitCode = 2;
}
