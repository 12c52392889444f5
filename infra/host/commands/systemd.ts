import { backendTarget, backendUnit, hostPaths } from "./paths";
import { sandbox } from "./sandbox";

export type BackendUnitArgs = {
  application: string;
  /** Below the unpacked artifact's `app/`. */
  directory: string;
  /** Run by a shell in `directory`, the artifact's own Node first in PATH. */
  command: string;
  memoryLimitMiB: number;
  stopTimeoutSeconds: number;
  /** Whether the application has files of its own on the data volume. */
  hasSharedFiles?: boolean;
};

/**
 * The unit of one slot (`systemctl status APPLICATION-backend@blue`), written with the release that it holds. What the release writes stays in its log directory, its shared
 * directories and a /tmp of its own. Memory that is written and then run stays allowed, which Node's compiler needs, and so does the
 * rest of /proc, from which Node counts the processors.
 */
export function backendUnitText(args: BackendUnitArgs): string {
  const paths = hostPaths(args.application);
  return `[Unit]
Description=${args.application} backend, slot %i
After=network-online.target redis-server.service pgbouncer.service
Wants=network-online.target
PartOf=${backendTarget(args.application)}
# Never given up: once the database answers again, so does the application. Stage stops a release that exits.
StartLimitIntervalSec=0
${args.hasSharedFiles === true ? `RequiresMountsFor=${paths.shared}\n` : ""}
[Service]
User=${args.application}
Group=${args.application}
WorkingDirectory=${paths.slots}/%i/app/${args.directory}
Environment=PATH=${paths.slots}/%i/runtime/bin:/usr/local/bin:/usr/bin:/bin
EnvironmentFile=${paths.settings}/slots/%i.env
ExecStart=/bin/sh -c 'exec ${unitEscape(args.command)}'
Restart=always
RestartSec=1
TimeoutStopSec=${args.stopTimeoutSeconds}
MemoryMax=${args.memoryLimitMiB}M
TasksMax=512
# Node raises its own limit to the highest there is, by a system call that is kept from it here.
LimitNOFILE=65536
${sandbox}
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
${args.hasSharedFiles === true ? `ReadWritePaths=${paths.shared}\n` : ""}LogsDirectory=${args.application}
UMask=0027
StandardOutput=journal
StandardError=journal
SyslogIdentifier=${args.application}-backend
`;
}

/** What the checklist's `systemctl … APPLICATION-backend` meant: whichever slot serves. */
export function backendTargetUnit(application: string): string {
  return `[Unit]
Description=${application} backend, whichever slot serves (${backendUnit(application, "blue")} or ${backendUnit(application, "green")})

[Install]
WantedBy=multi-user.target
`;
}

function unitEscape(command: string): string {
  return command.replaceAll("%", "%%").replaceAll("'", `'\\''`);
}
