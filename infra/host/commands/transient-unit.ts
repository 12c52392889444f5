import { quote, writeFileScript } from "./shell";

/** One name for all scripts that change a host: while one runs, no other begins, whichever run started it. */
export const stepUnit = "deployment-step";

/** Root's alone, and gone with a reboot, as the unit itself is. */
const directory = `/run/${stepUnit}`;

export type TransientArgs = {
  /** Tells this script from those of other runs. */
  id: string;
  /** What it does, for people who find it running. */
  what: string;
  script: string;
  /** systemd ends it then. */
  limitSeconds: number;
};

/**
 * Hands a script to systemd, which runs it whatever becomes of the connection. Asked again for the same id it starts nothing.
 * Prints `started`, or `busy WHAT` where another script still runs.
 */
export function beginScript({ id, what, script, limitSeconds }: TransientArgs): string {
  const file = `${directory}/${id}`;
  const runner = `bash -euo pipefail ${file}.sh > ${file}.out 2> ${file}.err < /dev/null || status=$?
rm -f ${file}.sh
echo "\${status:-0}" > ${file}.status.new
mv ${file}.status.new ${file}.status
`;
  return `install -d -m 0700 ${directory}
exec 9> ${directory}/lock
flock 9
if [ -e ${file}.sh ] || [ -e ${file}.status ]; then echo started; exit 0; fi
if systemctl is-active --quiet ${stepUnit}; then echo "busy $(systemctl show -p Description --value ${stepUnit})"; exit 0; fi
find ${directory} -type f -mmin +60 ! -name lock -delete
${writeFileScript(`${file}.sh`, script, "0600")}${writeFileScript(`${file}.run`, runner, "0600")}systemd-run --quiet --collect --unit=${stepUnit} --description=${quote(what)} --property=RuntimeMaxSec=${limitSeconds} --setenv=HOME=/root /bin/bash ${file}.run 9>&-
echo started
`;
}

/**
 * Waits for a script's end, no longer than one connection should. Prints `running`, `gone` (it was cut off before its end), or
 * `ended STATUS` and, in base64, a line each, what it printed on stdout and on stderr.
 */
export function followScript(id: string, patienceSeconds: number): string {
  const file = `${directory}/${id}`;
  return `end=$(($(date +%s) + ${patienceSeconds}))
until [ -e ${file}.status ]; do
  if ! systemctl is-active --quiet ${stepUnit} && ! [ -e ${file}.status ]; then echo gone; exit 0; fi
  if [ "$(date +%s)" -ge "$end" ]; then echo running; exit 0; fi
  sleep 0.05
done
echo "ended $(cat ${file}.status)"
base64 -w0 ${file}.out; echo
base64 -w0 ${file}.err; echo
`;
}

/** Waits until no script runs. Prints `idle`, or `busy WHAT`. */
export function settledScript(patienceSeconds: number): string {
  return `end=$(($(date +%s) + ${patienceSeconds}))
while systemctl is-active --quiet ${stepUnit}; do
  if [ "$(date +%s)" -ge "$end" ]; then echo "busy $(systemctl show -p Description --value ${stepUnit})"; exit 0; fi
  sleep 0.2
done
echo idle
`;
}

export type Followed =
  | { state: "running" }
  | { state: "gone" }
  | { state: "ended"; status: number; stdout: string; stderr: string };

/** @throws Error when that is not what the follow script prints */
export function readFollowed(printed: string): Followed {
  const [head = "", stdout = "", stderr = ""] = printed.split("\n");
  const [, status] = /^ended (\d+)$/.exec(head) ?? [];
  if (status !== undefined)
    return { state: "ended", status: Number(status), stdout: decode(stdout), stderr: decode(stderr) };
  if (head === "running" || head === "gone") return { state: head };
  throw new Error(`the host said of a script that it runs: ${printed}`);
}

function decode(base64: string): string {
  return Buffer.from(base64, "base64").toString();
}
