import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { readHostState } from "../../infra/context/host-state";
import type { StepContext } from "../../infra/context/step";
import { backendUnit, hostPaths } from "../../infra/host/commands/paths";
import { nodeRuntime } from "../../infra/release/artifact/node-runtime";
import { nodeVersionOf } from "../../infra/release/artifact/node-version";

/**
 * What the checklist does by hand, on the same host: the backend stopped, modules installed, both parts built, the backend started.
 * The host has no network, so npm and all that it would fetch are brought there before the clock counts for anything.
 */
export async function checklistsOwnWay(context: StepContext, release: string): Promise<void> {
  const { app } = context.input.settings;
  const work = await mkdtemp(join(tmpdir(), "checklists-own-way-"));
  const place = `${hostPaths(app.name).state}/checklist`;
  try {
    await execa("git", ["clone", "--quiet", "--branch", release, app.repository, join(work, "app")]);
    const directory = join(work, "app", app.build.directory);
    await execa("npm", ["ci", "--no-fund", "--no-audit", "--cache", join(work, "npm-cache")], { cwd: directory });
    await rm(join(directory, "node_modules"), { recursive: true });
    const { program: node } = await nodeRuntime(await nodeVersionOf(app, release), "linux-x64");
    const npm = dirname(dirname((await execa("realpath", [(await execa("which", ["npm"])).stdout])).stdout));
    await execa("cp", ["-a", npm, join(work, "npm")]);
    await execa("cp", [node, join(work, "node")]);
    await execa("tar", ["-C", work, "-czf", `${work}.tar.gz`, "."]);
    await context.host.send(`${work}.tar.gz`, `${place}.tar.gz`);
    await context.host.run(
      "unpacking",
      `rm -rf ${place} && mkdir -p ${place} && tar -xzf ${place}.tar.gz -C ${place}`,
      { timeoutMs: 300_000 },
    );
    const { serving } = await readHostState(context);
    const unit = backendUnit(app.name, serving ?? "blue");
    await context.host.run(
      "going the checklist's own way",
      `mkdir -p ${place}/bin
ln -s ../node ${place}/bin/node
cat > ${place}/bin/npm <<'NPM'
#!/bin/sh
exec ${place}/node ${place}/npm/bin/npm-cli.js --cache ${place}/npm-cache --offline "$@"
NPM
chmod +x ${place}/bin/npm
export PATH=${place}/bin:$PATH HOME=${place}
systemctl stop ${unit}
trap 'systemctl start ${unit}' EXIT
cd ${place}/app/${app.build.directory}
npm ci --no-fund --no-audit
npm run build
systemctl start ${unit}
until curl -sf -o /dev/null http://127.0.0.1:8000${app.routes.health}; do sleep 0.2; done`,
      { timeoutMs: 900_000 },
    );
  } finally {
    await context.host.run("removing what the bench brought", `rm -rf ${place} ${place}.tar.gz`);
    await rm(work, { recursive: true, force: true });
    await rm(`${work}.tar.gz`, { force: true });
  }
}
