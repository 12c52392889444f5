import { createPrivateKey, type X509Certificate } from "node:crypto";
import { chainOf, clientComplaint, type PublicCertificate } from "../../../host/public-certificate";
import { timeProblems } from "./certificate-time";

/** What is wrong with the public certificate, as of now: first what it says itself, then what a client says of it. */
export async function publicProblems(
  certificate: PublicCertificate,
  privateKey: string,
  name: string,
  days: number,
  now: Date,
): Promise<string[]> {
  const chain = chainOf(certificate.chain);
  const [leaf] = chain;
  if (leaf === undefined) return ["keys.tlsCertificate holds no certificate"];
  const problems = chain.flatMap((one, index) =>
    timeProblems(index === 0 ? `the public one (${name})` : `the chain's ${index + 1}.`, one, days, now),
  );
  if (leaf.checkHost(name) === undefined)
    problems.push(
      `keys.tlsCertificate does not bear the name ${name} (it bears ${leaf.subjectAltName ?? leaf.subject})`,
    );
  chain.slice(1).forEach((issuer, index) => {
    const issued = chain[index];
    if (issued === undefined || !issued.checkIssued(issuer) || !issued.verify(issuer.publicKey))
      problems.push(`keys.tlsCertificate: its ${index + 1}. certificate is not signed by the ${index + 2}.`);
  });
  if (!matchesKey(leaf, privateKey)) problems.push("secrets.tlsPrivateKey is not the key of keys.tlsCertificate");
  if (problems.length > 0) return problems;
  const complaint = await clientComplaint(certificate, privateKey, name);
  return complaint === undefined ? [] : [explainComplaint(complaint, chain.at(-1)!)];
}

function matchesKey(leaf: X509Certificate, privateKey: string): boolean {
  try {
    return leaf.checkPrivateKey(createPrivateKey(privateKey));
  } catch {
    return false;
  }
}

/** OpenSSL's names for a chain that ends before an authority that the client trusts. */
const endsTooSoon =
  /^(UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN)$/;

function explainComplaint(complaint: Error, last: X509Certificate): string {
  if (!endsTooSoon.test((complaint as NodeJS.ErrnoException).code ?? ""))
    return `keys.tlsCertificate is refused by a client: ${complaint.message}`;
  return (
    `keys.tlsCertificate leads to no authority that clients trust (${complaint.message}): its last certificate is signed by ` +
    `"${oneLine(last.issuer)}". Add the intermediate certificates that the authority gives with it; for an authority of your own: pulumi config set --path network.certificateAuthority FILE`
  );
}

function oneLine(name: string): string {
  return name.replaceAll("\n", ", ");
}
