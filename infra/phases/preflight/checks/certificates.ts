import type { X509Certificate } from "node:crypto";
import { createConnection, type Socket } from "node:net";
import { connect } from "node:tls";
import type { StepContext } from "../../../context/step";
import { Failure } from "../../../core/failure";
import { chainOf, isSelfSigned } from "../../../host/public-certificate";
import { daysLeft, timeProblems } from "./certificate-time";
import { publicProblems } from "./public-certificate";

/** PRE-4.4: the public certificate and the database's: chain, name, days left. */
export async function certificates(context: StepContext): Promise<string> {
  const { settings, database } = context.input;
  const { publicName } = settings.network;
  const days = settings.preflight.certificateDaysLeft;
  const problems = await publicProblems(
    { chain: settings.keys.tlsCertificate, authority: context.input.publicAuthority },
    settings.secrets.tlsPrivateKey,
    publicName,
    days,
    new Date(),
  );
  const shown = await databaseCertificate(context).catch((error: unknown) =>
    error instanceof Error ? error : new Error(String(error)),
  );
  if (shown instanceof Error) problems.push(`the database's: ${shown.message}`);
  else problems.push(...timeProblems(`the database's (${database.address})`, shown, days, new Date()));
  if (problems.length > 0 || shown instanceof Error)
    throw new Failure(
      "certificate-unfit",
      problems.join("; "),
      "put a certificate with its chain into keys.tlsCertificate and its key into secrets.tlsPrivateKey; RDS renews the database's with pulumi up or in its maintenance",
    );
  const [leaf] = chainOf(settings.keys.tlsCertificate);
  const bySelf = isSelfSigned(leaf!) ? ", signed by itself" : "";
  const served = await servedCertificate({ address: context.input.host.address, publicName });
  return `the public one bears ${publicName} and holds for ${daysLeft(leaf!, new Date())} days${bySelf}; ${describeServed(leaf!, served)}; the database's bears ${database.address}, is signed by the configured authority and holds for ${daysLeft(shown, new Date())} days`;
}

/** Where users get another certificate than the one that was checked, that is said: configure puts the checked one in its place. */
export function describeServed(checked: X509Certificate, served: X509Certificate | undefined): string {
  if (served === undefined) return "none is served yet";
  return served.fingerprint256 === checked.fingerprint256
    ? "users get it now"
    : `users get another one now (serial number ${served.serialNumber}, valid until ${served.validTo}), which configure replaces`;
}

/** What users are shown now, good or not; undefined where nobody answers. */
export async function servedCertificate(site: {
  address: string;
  port?: number;
  publicName: string;
}): Promise<X509Certificate | undefined> {
  const socket = connect({
    host: site.address,
    port: site.port ?? 443,
    servername: site.publicName,
    rejectUnauthorized: false,
  });
  return new Promise<X509Certificate | undefined>((resolve) => {
    socket.setTimeout(handshakeMs, () => resolve(undefined));
    socket.once("error", () => resolve(undefined));
    socket.once("secureConnect", () => resolve(socket.getPeerX509Certificate()));
  }).finally(() => socket.destroy());
}

/** The request with which a PostgreSQL client asks for TLS: its length and a number that stands for it. */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

const handshakeMs = 20_000;

/** The certificate that the database shows, verified against the configured authority and its name. */
async function databaseCertificate({ host, input }: StepContext): Promise<X509Certificate> {
  const { address, port, certificateAuthority } = input.database;
  const tunnel = await host.tunnel({ address, port });
  const socket = createConnection(tunnel.localPort, "127.0.0.1");
  try {
    await asksForTls(socket);
    return await new Promise<X509Certificate>((resolve, reject) => {
      socket.setTimeout(handshakeMs, () => reject(new Error(`its TLS did not stand within ${handshakeMs / 1000} s`)));
      const secured = connect({ socket, ca: certificateAuthority, servername: address }, () => {
        const shown = secured.getPeerX509Certificate();
        if (shown === undefined) reject(new Error("it showed none"));
        else resolve(shown);
      });
      secured.once("error", reject);
    });
  } finally {
    socket.destroy();
    tunnel.close();
  }
}

function asksForTls(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.setTimeout(handshakeMs, () => reject(new Error(`it did not answer within ${handshakeMs / 1000} s`)));
    socket.once("error", reject);
    socket.once("data", (answer: Buffer) =>
      answer.toString() === "S" ? resolve() : reject(new Error("it refuses TLS")),
    );
    socket.write(sslRequest);
  });
}
