/**
 * Takes from this process's environment what the engine handed over in it, once that is read. The program gives its children what they
 * need; what a library starts by itself, as esbuild does, inherits all that is there.
 */
export function forgetHandedOverSecrets(): void {
  for (const name of Object.keys(process.env)) if (/^PULUMI_CONFIG/.test(name)) delete process.env[name];
}
