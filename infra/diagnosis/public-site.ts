import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:tls";
import type { StepContext } from "../context/step";
import { chainOf } from "../host/public-certificate";
import { PublicSite } from "../host/public-site";
import { ask, type Finding, type Section } from "./finding";

export type CertificateSituation = { stack: string; attempt: number; publicName: string };

/** What the certificate means that the public address shows. */
export function certificateFindings(
  { stack, attempt, publicName }: CertificateSituation,
  shown: X509Certificate,
  configured: X509Certificate,
  now: Date,
): Finding[] {
  const isOver = now > new Date(shown.validTo);
  const tooLate = "Browsers refuse the site.";
  if (shown.fingerprint256 !== configured.fingerprint256)
    return [
      {
        what: `${publicName} shows another certificate than keys.tlsCertificate: serial number ${shown.serialNumber}, ${isOver ? "expired" : "valid until"} ${shown.validTo}`,
        means: `${isOver ? `${tooLate} ` : ""}The file on the host was changed, or the configured one is not deployed yet. The next run puts it there.`,
        command: `pulumi config set attempt ${attempt + 1} --stack ${stack}\npulumi up --stack ${stack}`,
      },
    ];
  return isOver
    ? [
        {
          what: `the certificate of ${publicName} expired on ${shown.validTo}`,
          means: `${tooLate} Get a new one for that name from its authority, as tls.pem with its chain and tls.key.`,
          command: [
            `pulumi config set --path keys.tlsCertificate --stack ${stack} < tls.pem`,
            `pulumi config set --path secrets.tlsPrivateKey --secret --stack ${stack} < tls.key`,
            `pulumi up --stack ${stack}`,
          ].join("\n"),
        },
      ]
    : [];
}

/**
 * What users get at the public address: the certificate, the page, health. Reads only.
 * @returns `symptoms`: findings that follow from what is wrong elsewhere, where something is
 */
export async function diagnosePublicSite({ input }: StepContext): Promise<{ section: Section; symptoms: Finding[] }> {
  const { settings, stack } = input;
  const { publicName } = settings.network;
  const { address } = input.host;
  const section: Section = { title: "What users see", asked: [], findings: [] };
  const otherwise = {
    means: "Users do not get it, and nothing else that was found explains it. The verification asks more.",
    command: `npm run verify -- ${stack}`,
  };
  const chain = settings.keys.tlsCertificate;
  const [configured] = chainOf(chain);
  await ask(
    section,
    `certificate of ${publicName} at ${address}`,
    async () => {
      const shown = await shownCertificate(address, publicName);
      if (configured !== undefined)
        section.findings.push(
          ...certificateFindings({ stack, attempt: settings.attempt, publicName }, shown, configured, new Date()),
        );
      return `serial number ${shown.serialNumber}, valid until ${shown.validTo}`;
    },
    {
      means:
        "Nobody reaches the site. Where nothing else is found: does port 443 of the address answer from here, and does the name lead there?",
      command: `npm run ssh -- ${stack} sudo systemctl status nginx --no-pager`,
    },
  );
  if (section.findings.length > 0) return { section, symptoms: [] };
  const answers: Section = { ...section, findings: [] };
  const site = new PublicSite(address, publicName, { chain, authority: input.publicAuthority });
  for (const path of ["/", settings.app.routes.health])
    await ask(
      answers,
      `GET ${path}`,
      async () => {
        const { status } = await site.get(path);
        if (status !== 200) throw new Error(`answered ${status}`);
        return String(status);
      },
      otherwise,
    );
  return { section, symptoms: answers.findings };
}

/** Whatever it is: to judge it is the caller's. @throws Error where none is shown within 10 s */
async function shownCertificate(address: string, publicName: string): Promise<X509Certificate> {
  const socket = connect({ host: address, port: 443, servername: publicName, rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(10_000) });
    const shown = socket.getPeerX509Certificate();
    if (shown === undefined) throw new Error("no certificate is shown");
    return shown;
  } finally {
    socket.destroy();
  }
}
