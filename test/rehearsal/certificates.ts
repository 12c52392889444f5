import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

const newKey = {
  ecdsa: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
  rsa: ["-newkey", "rsa:2048"],
} as const;

export type KeyKind = keyof typeof newKey;

export type IssuedCertificate = {
  /** Who clients trust, PEM. No server shows it. */
  root: string;
  /** As authorities hand it over: the name's certificate, then the intermediate that signed it. */
  certificate: string;
  privateKey: string;
};

/** A certificate as public authorities issue it: root, intermediate and leaf, each signed by the one before. */
export async function issueCertificate(name: string, kind: KeyKind): Promise<IssuedCertificate> {
  const directory = await mkdtemp(join(tmpdir(), "authority-"));
  const file = (path: string) => join(directory, path);
  const text = (path: string) => readFile(file(path), "utf8");
  try {
    await execa("openssl", [
      ...["req", "-x509", ...newKey[kind], "-noenc", "-days", "3650", "-subj", "/CN=Rehearsal root"],
      ...["-addext", "keyUsage=critical,keyCertSign,cRLSign"],
      ...["-keyout", file("root.key"), "-out", file("root.pem")],
    ]);
    const sign = async (path: string, subject: string, by: string, days: number, extensions: string) => {
      await writeFile(file(`${path}.extensions`), extensions);
      await execa("openssl", [
        ...["req", ...newKey[kind], "-noenc", "-subj", subject],
        ...["-keyout", file(`${path}.key`), "-out", file(`${path}.request`)],
      ]);
      await execa("openssl", [
        ...["x509", "-req", "-in", file(`${path}.request`), "-out", file(`${path}.pem`), "-days", String(days)],
        ...["-CA", file(`${by}.pem`), "-CAkey", file(`${by}.key`), "-CAcreateserial"],
        ...["-extfile", file(`${path}.extensions`)],
      ]);
    };
    const signs = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n";
    await sign("intermediate", "/CN=Rehearsal intermediate", "root", 1825, signs);
    // The subject's CN holds 64 characters; the name that is verified is the alternative one.
    const serves = `basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:${name}\n`;
    await sign("leaf", "/CN=rehearsal", "intermediate", 90, serves);
    return {
      root: await text("root.pem"),
      certificate: (await text("leaf.pem")) + (await text("intermediate.pem")),
      privateKey: await text("leaf.key"),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
