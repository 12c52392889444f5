/**
 * What none of our services needs of the machine, a line each: no capability, no other user's processes, no devices, and only the
 * system calls of an ordinary service. A call that is not among them fails as for want of permission, so that a library may do without.
 */
export const sandbox = [
  "LimitCORE=0",
  "NoNewPrivileges=yes",
  "CapabilityBoundingSet=",
  "ProtectSystem=strict",
  // Where /proc or /sys is mounted again, systemd 252 leaves /run out of the line before, and /run/lock is anybody's.
  "ReadOnlyPaths=/run",
  "ProtectHome=yes",
  "ProtectProc=invisible",
  "ProtectClock=yes",
  "ProtectHostname=yes",
  "ProtectKernelLogs=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelTunables=yes",
  "ProtectControlGroups=yes",
  "PrivateTmp=yes",
  "PrivateDevices=yes",
  "PrivateUsers=yes",
  "PrivateIPC=yes",
  "RemoveIPC=yes",
  "LockPersonality=yes",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  "SystemCallFilter=~@privileged @resources",
  "SystemCallErrorNumber=EPERM",
].join("\n");
