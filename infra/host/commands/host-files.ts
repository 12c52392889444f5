import type { Settings } from "../../settings/settings";
import { heldDrainSeconds } from "./activate-script";
import type { ConfigureArgs, ManagedFile } from "./configure-script";
import { haproxyConfig, haproxyDefaults, servingConfig, shortHoldSeconds } from "./haproxy";
import { healthCheckService, healthCheckTimer } from "./health-check";
import { maintenancePage } from "./maintenance";
import { firewallRules } from "./nftables";
import { nginxConfig } from "./nginx";
import { backendTarget, healthCheckUnit, hostPaths, type Slot, servingUnit, slots, unitFile } from "./paths";
import { pgbouncerConfig, pgbouncerUsers, statsUser } from "./pgbouncer";
import { servingUnitText } from "./serving";
import { mountUnit, mountUnitName } from "./shared-files";
import { sshdConfig } from "./sshd";
import { systemFiles, systemLoads } from "./system-files";
import { backendTargetUnit } from "./systemd";

export type HostFilesArgs = {
  settings: Settings;
  database: { address: string; port: number; name: string; certificateAuthority: string };
  /** Who may come through PgBouncer, with their passwords. */
  databaseUsers: Readonly<Record<string, string>>;
  dataVolume: { id: string } | null;
  /** Where each slot's backend listens, or will once it is staged. */
  ports: Record<Slot, number>;
};

/** Files of the host that are no release's, how they are tested and how they are loaded. */
export function hostFiles(args: HostFilesArgs): ConfigureArgs {
  const { settings, database } = args;
  const { app, secrets, keys } = settings;
  const application = app.name;
  const paths = hostPaths(application);
  const file = (
    path: string,
    content: string,
    services: string[],
    mode = "0644",
    owner = "root:root",
  ): ManagedFile => ({
    path,
    content,
    mode,
    owner,
    services,
  });
  return {
    files: [
      file(paths.tlsCertificate, `${keys.tlsCertificate.trim()}\n`, ["nginx"]),
      file(paths.tlsPrivateKey, `${secrets.tlsPrivateKey.trim()}\n`, ["nginx"], "0600"),
      file(
        "/etc/nginx/nginx.conf",
        nginxConfig({
          application,
          publicName: settings.network.publicName,
          backendPrefixes: app.routes.prefixes,
          frontend: app.frontend,
          frameAncestors: settings.network.frameAncestors,
          maxBodyMiB: settings.network.maxBodyMiB,
          ports: args.ports,
        }),
        ["nginx"],
      ),
      file(`${paths.root}/maintenance.html`, maintenancePage(settings.network.publicName), []),
      file("/etc/haproxy/haproxy.cfg", haproxyConfig(application), ["haproxy"]),
      file("/etc/default/haproxy", haproxyDefaults(application), ["haproxyArguments"]),
      ...[null, ...slots].map((slot) =>
        file(`${paths.serving}/${slot ?? "none"}/haproxy.cfg`, servingConfig(args.ports, slot, holdSeconds(app)), [
          "haproxy",
        ]),
      ),
      file(paths.databaseAuthority, `${database.certificateAuthority.trim()}\n`, ["pgbouncer"]),
      file(
        "/etc/pgbouncer/userlist.txt",
        pgbouncerUsers({ ...args.databaseUsers, [statsUser]: secrets.readonlyPassword }),
        ["pgbouncer"],
        "0640",
        "postgres:postgres",
      ),
      file(
        "/etc/pgbouncer/pgbouncer.ini",
        pgbouncerConfig({ application, database: database.name, address: database.address, port: database.port }),
        ["pgbouncer"],
        "0640",
        "postgres:postgres",
      ),
      file("/etc/ssh/sshd_config.d/10-deployment.conf", sshdConfig(settings.host.sshUser), ["ssh"]),
      ...systemFiles(application, settings.maintenanceWindow),
      file("/etc/nftables.conf", firewallRules(application), ["nftables"], "0755"),
      ...(args.dataVolume === null
        ? []
        : [file(unitFile(mountUnitName(paths.shared)), mountUnit(application, paths, args.dataVolume.id), [])]),
      file(unitFile(servingUnit(application)), servingUnitText(application), []),
      file(unitFile(backendTarget(application)), backendTargetUnit(application), []),
      file(
        unitFile(`${healthCheckUnit(application)}.service`),
        healthCheckService({ application, publicName: settings.network.publicName }),
        [],
      ),
      file(
        unitFile(`${healthCheckUnit(application)}.timer`),
        healthCheckTimer({ application, everyMinutes: settings.monitoring.healthCheckMinutes }),
        ["healthCheck"],
      ),
    ],
    tests: [
      "nginx -t -q",
      `haproxy -c -q -f /etc/haproxy/haproxy.cfg -f ${paths.current}/haproxy.cfg`,
      "nft -c -f /etc/nftables.conf",
      "sshd -t",
    ],
    loads: {
      healthCheck: `systemctl try-restart ${healthCheckUnit(application)}.timer`,
      // Its pools answer to a reload; its listening address never changes after the first time.
      pgbouncer: "systemctl reload-or-restart pgbouncer",
      // A reload keeps the arguments that it was started with.
      haproxyArguments: "systemctl restart haproxy",
      haproxy: "systemctl reload-or-restart haproxy",
      nginx: "systemctl reload-or-restart nginx",
      // The rules are changed as a whole: no moment is without them.
      nftables: "systemctl enable --quiet nftables && systemctl reload-or-restart nftables",
      ssh: "systemctl reload ssh",
      ...systemLoads,
    },
  };
}

/** Where two copies must not run, requests wait while one is stopped and the other started, and for the first again if that fails. */
function holdSeconds({ overlap, backend }: Settings["app"]): number {
  if (overlap) return shortHoldSeconds;
  return Math.max(shortHoldSeconds, heldDrainSeconds + 2 * (backend.startTimeoutSeconds + backend.drainTimeoutSeconds));
}
