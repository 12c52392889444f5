import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";

/** The certificate authority of this cloud's databases, kept in its home: stacks name it in their config. */
export async function databaseAuthority(home: string): Promise<{ certificate: string; key: string }> {
  const authority = { certificate: join(home, "database-ca.pem"), key: join(home, "database-ca.key") };
  if (existsSync(authority.certificate) && existsSync(authority.key)) return authority;
  await execa("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650"],
    ...["-subj", "/CN=Local cloud database authority", "-addext", "basicConstraints=critical,CA:TRUE"],
    ...["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", authority.key, "-out", authority.certificate],
  ]);
  return authority;
}

/** A server certificate for the endpoint's name. */
export async function databaseCertificate(
  home: string,
  name: string,
  directory: string,
): Promise<{ certificate: string; key: string }> {
  const authority = await databaseAuthority(home);
  await mkdir(directory, { recursive: true });
  const [key, request, certificate, extensions] = ["server.key", "server.csr", "server.crt", "extensions"].map((file) =>
    join(directory, file),
  ) as [string, string, string, string];
  // The subject's CN holds 64 characters; the name that is verified is the alternative one.
  await execa("openssl", [
    "req",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-subj",
    "/CN=database",
    "-keyout",
    key,
    "-out",
    request,
  ]);
  await writeFile(extensions, `subjectAltName=DNS:${name}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n`);
  await execa("openssl", [
    "x509",
    "-req",
    "-in",
    request,
    "-CA",
    authority.certificate,
    "-CAkey",
    authority.key,
    "-CAcreateserial",
    "-days",
    "800",
    "-extfile",
    extensions,
    "-out",
    certificate,
  ]);
  for (const file of [request, extensions]) await rm(file);
  return { certificate, key };
}
