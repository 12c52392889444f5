/** What every program may know of our environment. Not in it: the stack's config, its passphrase, Amazon's credentials. */
const everywhere = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_*", "TZ", "TMPDIR"];
const network = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/**
 * The programs that we start, and what each needs beyond that; `*` ends a prefix, and case does not count. A program that is not here
 * can't be started: what one inherits is decided once, here.
 */
const programs = {
  // How to reach a repository and log in is the operator's own. Which repository is meant (GIT_DIR, GIT_WORK_TREE, GIT_INDEX_FILE and
  // the like, which git sets for its hooks) we say ourselves. AWS_*: for CodeCommit's helpers.
  git: [
    ...network,
    ...["XDG_CONFIG_HOME", "SSH_AUTH_SOCK", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_ASKPASS"],
    ...["GIT_SSL_*", "GIT_HTTP_*", "GIT_PROXY_*", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"],
    ...["GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_*", "GIT_CONFIG_VALUE_*"],
    ...["GH_*", "GITHUB_TOKEN", "GITLAB_TOKEN", "AWS_*"],
  ],
  npm: [...network, "NPM_CONFIG_*", "NPM_TOKEN", "NODE_AUTH_TOKEN", "NODE_EXTRA_CA_CERTS", "XDG_*"],
  // The application's own build: its packages' scripts get no credential of the deployment.
  build: [
    ...network,
    ...["NODE_EXTRA_CA_CERTS", "XDG_CACHE_HOME"],
    ...["NPM_CONFIG_REGISTRY", "NPM_CONFIG_CAFILE", "NPM_CONFIG_CACHE", "NPM_CONFIG_USERCONFIG"],
  ],
  // A command of the operator's own, from the config.
  operator: ["*"],
  pulumi: ["*", "PULUMI_*"],
  chromium: [...network],
  ssh: [],
  psql: [],
  "ssh-keygen": [],
  openssl: [],
  tar: [],
  squawk: [],
  du: [],
} as const satisfies Record<string, readonly string[]>;

export type Program = keyof typeof programs;

/** Our environment as a program may know it. */
export function environmentFor(program: Program): Record<string, string> {
  const needed = [...everywhere, ...programs[program]];
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && needed.some((pattern) => matches(pattern, name.toUpperCase())) ? [[name, value]] : [],
    ),
  );
}

function matches(pattern: string, name: string): boolean {
  // Pulumi's variables hold every secret of the stack: they are never meant by "all".
  if (pattern === "*") return !name.startsWith("PULUMI_");
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
