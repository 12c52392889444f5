import { readFile } from "node:fs/promises";
import type { StepContext } from "../../../context/step";
import { Failure } from "../../../core/failure";
import { quote } from "../../../host/commands/shell";

export type ExternalApi = { host: string; port: number /** PEM. */; authority: string | undefined };

/** PRE-4.5: a TLS connection from the host to each, certificate and name verified; all that fail are named. */
export async function externalApis({ input, host }: StepContext): Promise<string> {
  const wanted = input.settings.preflight.externalApis;
  if (wanted.length === 0) return "the config names no external API (preflight.externalApis)";
  const apis = await Promise.all(
    wanted.map(async ({ certificateAuthority, ...api }) => ({
      ...api,
      authority: certificateAuthority === undefined ? undefined : await readFile(certificateAuthority, "utf8"),
    })),
  );
  const printed = await host.run("reaching the external APIs", reachScript(apis));
  const failed = printed.split("\n").filter((row) => !row.startsWith("reached "));
  if (failed.length > 0 || printed === "")
    throw new Failure(
      "external-api-unreachable",
      failed.join("; "),
      "does the host's security group let it out, and does its resolver know the name? openssl s_client -connect NAME:PORT on the host tells more",
    );
  return printed.split("\n").join("; ");
}

/** Prints a line for each: `reached NAME:PORT (protocol)`, or what OpenSSL said. */
export function reachScript(apis: readonly ExternalApi[]): string {
  return apis
    .map(({ host, port, authority }) => {
      const place = `${host}:${port}`;
      const trust = authority === undefined ? "-CApath /etc/ssl/certs" : '-CAfile "$authority"';
      const before =
        authority === undefined
          ? ""
          : `authority=$(mktemp)\nbase64 -d > "$authority" <<'PEM'\n${Buffer.from(authority).toString("base64")}\nPEM\n`;
      const after = authority === undefined ? "" : '\nrm -f "$authority"';
      return `${before}if said=$(timeout 15 openssl s_client -connect ${quote(place)} -servername ${quote(host)} -verify_hostname ${quote(host)} -verify_return_error ${trust} -brief </dev/null 2>&1); then
  echo "reached ${place} ($(echo "$said" | sed -n 's/^Protocol version: //p' | head -1))"
else
  echo "${place} is not reached: $(echo "$said" | tr '\\n' ' ' | cut -c1-300)"
fi${after}`;
    })
    .join("\n");
}
