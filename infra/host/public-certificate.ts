import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";

/** What the public site shows and who its clients trust. */
export type PublicCertificate = {
  /** PEM: the name's own certificate first, then those that lead to an authority. */
  chain: string;
  /** PEM of an authority that only this stack's clients know; null where browsers know it. */
  authority: string | null;
};

/** A chain's certificates, the name's own first. @throws Error for a certificate that cannot be read */
export function chainOf(pem: string): X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []).map(
    (one) => new X509Certificate(one),
  );
}

export function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

/**
 * Whom a client of the site trusts, as Node's `ca`: the authorities that it knows anyway (undefined), the stack's own, or, for the
 * certificate that `npm run init` makes, that one alone. Never a chain's own intermediate: without its root that is refused.
 */
export function trustedBy({ chain, authority }: PublicCertificate): string | undefined {
  if (authority !== null) return authority;
  const [leaf, ...others] = chainOf(chain);
  return leaf !== undefined && others.length === 0 && isSelfSigned(leaf) ? chain : undefined;
}

/**
 * Shows the certificate to a client on this machine, as the site will to its own: name, key, time and the whole way to an authority
 * are verified by the library that verifies them everywhere.
 * @returns what the client complains of
 */
export async function clientComplaint(
  certificate: PublicCertificate,
  privateKey: string,
  publicName: string,
): Promise<Error | undefined> {
  const server = createServer({ cert: certificate.chain, key: privateKey });
  server.on("tlsClientError", () => undefined).listen(0, "127.0.0.1");
  let client: TLSSocket | undefined;
  try {
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    client = connect({ host: "127.0.0.1", port, servername: publicName, ca: trustedBy(certificate) });
    await once(client, "secureConnect", { signal: AbortSignal.timeout(10_000) });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    client?.destroy();
    server.close();
  }
}
