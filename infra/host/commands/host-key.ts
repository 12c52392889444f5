/** An ed25519 key in OpenSSH's format has always 68 characters: a line that the console tore apart is no key. */
const publicKey = /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5[A-Za-z0-9+/]{48}(?= |$)/;

/**
 * The host's public key, where cloud-init has printed it on the console: once for each instance, after the user data has run.
 * Nobody but root writes there, and Amazon answers for which instance's console it is.
 */
export function hostKeyIn(consoleOutput: string): string | undefined {
  const lines = consoleOutput.split(/\r?\n/);
  const begin = lines.findLastIndex((row) => row.includes("-----BEGIN SSH HOST KEY KEYS-----"));
  if (begin === -1) return undefined;
  return lines.slice(begin + 1).flatMap((row) => publicKey.exec(row.trim())?.[0] ?? [])[0];
}
