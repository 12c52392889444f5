import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure, HostRefused, HostUnreached } from "../core/failure";
import { beginScript, followScript, readFollowed, settledScript, stepUnit } from "./commands/transient-unit";

/** One question to the host over one connection. */
export type AskHost = (what: string, script: string, options?: { timeoutMs?: number }) => Promise<string>;

export type TransientOptions = {
  /** How long the script itself may run; systemd ends it then. */
  timeoutMs?: number;
  /** Told what is waited for. */
  progress?: (message: string) => void;
};

/** How long one connection waits for the end, so that a dead one is noticed. */
const patienceSeconds = 20;

/** How long what another run left at work there is waited for: systemd ends each script at its own limit, the longest of which is an hour. */
const settleMs = 2 * 3_600_000;

/** How long the end of a script is waited for after systemd should have ended it. */
const graceMs = 120_000;

/** How long the host may be out of reach while a script runs there: a reboot takes less. */
const outageMs = 180_000;

/**
 * Runs a script as a transient unit of the host and follows it: a lost connection is made again, and neither stops nor repeats what
 * runs there. Waits first for a script of an earlier run that was cut off from its program.
 * @returns what it printed on stdout
 * @throws Failure with the script's last words, or saying that it was cut off on the host
 */
export async function runTransient(
  ask: AskHost,
  address: string,
  what: string,
  script: string,
  options: TransientOptions = {},
): Promise<string> {
  const id = randomBytes(8).toString("hex");
  const limitSeconds = Math.ceil((options.timeoutMs ?? 120_000) / 1000);
  const begin = beginScript({ id, what, script, limitSeconds });
  const patient = reconnecting(ask, options.progress);
  for (const deadline = Date.now() + settleMs; ; ) {
    const begun = await patient(what, begin);
    if (begun === "started") break;
    if (Date.now() > deadline) throw stillAtWork(begun);
    await settle(ask, options.progress);
  }
  for (const deadline = Date.now() + limitSeconds * 1000 + outageMs + graceMs; ; ) {
    const seen = readFollowed(await patient(what, followScript(id, patienceSeconds)));
    if (seen.state === "running" && Date.now() < deadline) continue;
    if (seen.state === "running")
      throw new Failure(
        "host-unit-overdue",
        `${what} on ${address} is still running although its limit of ${limitSeconds} s is over: systemd did not end it`,
        `systemctl status ${stepUnit} on the host shows it; end it there (systemctl stop ${stepUnit}), then run pulumi up again`,
      );
    if (seen.state === "gone")
      throw new Failure(
        "host-unit-cut-off",
        `${what} on ${address} was cut off before its end: the host was restarted, or it took longer than ${limitSeconds} s`,
        "run pulumi up again: it takes up what is left",
      );
    if (seen.status === 0) return seen.stdout.replace(/\n$/, "");
    throw new Failure(
      "host-command-failed",
      `${what} on ${address} exited with ${seen.status}: ${(seen.stderr.trim() || seen.stdout.trim()).split("\n").slice(-20).join("\n")}`,
      "",
    );
  }
}

/** Waits until nothing of an earlier run is still at work on the host. */
export async function settle(ask: AskHost, progress: (message: string) => void = () => undefined): Promise<void> {
  const patient = reconnecting(ask, progress);
  let said = "";
  for (const deadline = Date.now() + settleMs; ; ) {
    const printed = await patient("looking for what an earlier run left at work", settledScript(patienceSeconds));
    if (printed === "idle") return;
    if (Date.now() > deadline) throw stillAtWork(printed);
    if (printed !== said)
      progress(
        `an earlier run is still at work on the host (${printed.replace(/^busy /, "")}, unit ${stepUnit}): waiting for its end`,
      );
    said = printed;
  }
}

function stillAtWork(printed: string): Failure {
  return new Failure(
    "host-busy",
    `an earlier run is still at work on the host after ${settleMs / 3_600_000} h (${printed.replace(/^busy /, "")}, unit ${stepUnit})`,
    `systemctl status ${stepUnit} on the host shows it; end it there (systemctl stop ${stepUnit}), then run pulumi up again`,
  );
}

/** The same question again while the host is out of reach, up to a deadline. */
function reconnecting(ask: AskHost, progress: (message: string) => void = () => undefined) {
  return async (what: string, script: string): Promise<string> => {
    let lostAt: number | undefined;
    for (;;) {
      try {
        return await ask(what, script, { timeoutMs: (patienceSeconds + 15) * 1000 });
      } catch (error) {
        if (error instanceof HostRefused) throw error;
        if (!(error instanceof HostUnreached) || Date.now() - (lostAt ?? Date.now()) > outageMs) throw error;
        if (lostAt === undefined) progress(`the connection was lost during ${what}, which goes on; connecting again`);
        lostAt ??= Date.now();
        await sleep(500);
      }
    }
  };
}
