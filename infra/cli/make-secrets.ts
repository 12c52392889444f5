import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustRun } from "../core/program";

export type KeyPair = { privateKey: string; publicKey: string };

/** 32 characters that need no escaping in a URL, a shell or an ini file; 192 bits. */
export function makePassword(): string {
  return randomBytes(24).toString("base64url");
}

/** 64 hexadecimal digits; 256 bits. */
export function makeHexKey(): string {
  return randomBytes(32).toString("hex");
}

/** An ed25519 pair in OpenSSH's format. */
export async function makeSshKeyPair(comment: string): Promise<KeyPair> {
  return inTemporaryDirectory(async (directory) => {
    const file = join(directory, "key");
    const words = ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file];
    await mustRun("ssh-keygen", words, { timeoutMs: 60_000 });
    return { privateKey: await readFile(file, "utf8"), publicKey: (await readFile(`${file}.pub`, "utf8")).trim() };
  });
}

/** A certificate that signs itself, for a year (Mozilla's profile allows 366 days): for where no authority has given one yet. */
export async function makeCertificate(name: string): Promise<{ certificate: string; privateKey: string }> {
  return inTemporaryDirectory(async (directory) => {
    const key = join(directory, "key.pem");
    const certificate = join(directory, "certificate.pem");
    const words = [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "365"],
      ...["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`, "-keyout", key, "-out", certificate],
    ];
    await mustRun("openssl", words, { timeoutMs: 60_000 });
    return { certificate: await readFile(certificate, "utf8"), privateKey: await readFile(key, "utf8") };
  });
}

async function inTemporaryDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "keys-"));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
