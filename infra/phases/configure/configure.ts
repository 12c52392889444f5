import { readHostState } from "../../context/host-state";
import { findings, prove, type Step, type StepContext } from "../../context/step";
import { Failure } from "../../core/failure";
import { loopback } from "../../core/loopback";
import { roleNames, servingRole } from "../../core/role-names";
import { configureScript } from "../../host/commands/configure-script";
import { askHealthNow, readHealthCheck } from "../../host/commands/health-check";
import { hostFiles } from "../../host/commands/host-files";
import { backendTarget, healthCheckUnit, servingUnit, slots } from "../../host/commands/paths";
import { servingScript } from "../../host/commands/serving";
import { mountUnitName, prepareVolumeScript } from "../../host/commands/shared-files";
import { quote } from "../../host/commands/shell";
import { slotPorts } from "../slots/slots";

const services = ["nginx", "haproxy", "pgbouncer", "redis-server"];

/** Puts the host's own files in place: tested before they are loaded, the old ones back if they don't. */
export const configure: Step = async (context) => {
  const { input, host, progress } = context;
  const { settings } = input;
  const { dataVolume } = input;
  progress("comparing the host's files with those of this config");
  const [users, state] = await Promise.all([
    databaseUsers(context),
    readHostState(context),
    host.run("making the directories of the slots", servingScript(context.paths)),
    dataVolume === null
      ? undefined
      : host.run("preparing the data volume", prepareVolumeScript(context.paths, dataVolume.id), {
          timeoutMs: 600_000,
        }),
  ]);
  const printed = await host.runWhole(
    "configuring the host",
    configureScript(
      hostFiles({
        settings,
        database: input.database,
        databaseUsers: users,
        dataVolume,
        ports: slotPorts(settings, state),
      }),
    ),
    { progress },
  );
  const changed = printed.split("\n").filter((row) => row !== "");
  const application = settings.app.name;
  const started = [
    ...(dataVolume === null ? [] : [mountUnitName(context.paths.shared)]),
    backendTarget(application),
    `${healthCheckUnit(application)}.timer`,
  ];
  await host.run(
    "enabling and starting services",
    // Asked first: to enable one that is enabled costs a reload of systemd and of what Debian keeps for older inits.
    `for unit in ${[...services, servingUnit(application), ...started].map(quote).join(" ")}; do systemctl is-enabled --quiet "$unit" || systemctl enable --quiet "$unit"; done
for unit in ${started.map(quote).join(" ")}; do systemctl start "$unit"; done
for service in ${services.join(" ")}; do systemctl is-active --quiet "$service" || systemctl restart "$service"; done`,
  );
  const active = await prove(context, "WEB-1.2", async () => {
    const said = await host.run(
      "asking nginx and PgBouncer",
      `systemctl is-active ${services.join(" ")} | sort -u\nss -ltnH "sport = :${loopback.database}" | grep -q .`,
    );
    if (said !== "active") throw new Error(`not every service is active: ${said}`);
    return `nginx -t passed; nginx, HAProxy, PgBouncer and Redis are active; ${changed.length} files changed`;
  });
  const asked = await prove(context, "POST-3.4", async () => {
    const unit = healthCheckUnit(settings.app.name);
    const seen = readHealthCheck(await host.run("asking the public health", askHealthNow(settings.app.name)));
    if ("problem" in seen)
      throw new Failure(
        "health-check-not-active",
        `${unit}: ${seen.problem}`,
        `journalctl -u ${unit} on the host says why`,
      );
    return `${unit}.timer is active and enabled: asks https://${settings.network.publicName}${settings.app.routes.health} every ${settings.monitoring.healthCheckMinutes} minutes; ${seen.found}`;
  });
  if (active.result === "failed" || asked.result === "failed")
    throw new Failure("boxes-failed", findings(context.boxes).join("; "), "look at systemctl --failed on the host");
  context.details.changed = changed;
  return changed.length === 0
    ? { outcome: "nothing to do", summary: "the host's files are as configured" }
    : { outcome: "completed", summary: `${changed.length} files of the host changed` };
};

/** Who may come through PgBouncer: the role of this config's releases, and that of the release that serves until then. */
async function databaseUsers({ host, paths, input: { settings } }: StepContext): Promise<Record<string, string>> {
  const { app, owner } = roleNames;
  const environments = slots.map((slot) => quote(paths.slotEnvironment(slot))).join(" ");
  const servesAsOwner = await host.run(
    "reading as whom the slots connect",
    `cat ${environments} 2>/dev/null | grep -c ${quote(`//${owner}:`)} || true`,
  );
  const isOwnerNeeded = servingRole(settings.database.migrations) === "owner" || Number(servesAsOwner) > 0;
  return { [app]: settings.secrets.appPassword, ...(isOwnerNeeded ? { [owner]: settings.secrets.ownerPassword } : {}) };
}
