import { execa } from "execa";

/** What a rehearsal's own machine lacks beside what the local cloud installs for itself: the browser that looks at the pages. */
export const rehearsalPackages = ["chromium-headless-shell", "git", "openssh-client", "openssl", "curl"];

/** What the tests start beside that. */
export const testPackages = [
  ...rehearsalPackages,
  "postgresql",
  "postgresql-contrib",
  "redis-server",
  "jq",
  "python3-venv",
  "shellcheck",
  "git-lfs",
];

/** Installs what is missing; nothing is asked of Debian's archive where all is there. */
export async function installDebianPackages(names: readonly string[], log: (line: string) => void): Promise<void> {
  const listed = await execa("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\\n", ...names], {
    reject: false,
  });
  const installed = new Set(
    listed.stdout
      .split("\n")
      .filter((row) => row.endsWith(" installed"))
      .map((row) => row.split(" ")[0]),
  );
  const missing = names.filter((name) => !installed.has(name));
  if (missing.length === 0) return;
  log(`apt-get install ${missing.join(" ")}`);
  await execa("apt-get", ["update", "-qq"]);
  await execa("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], {
    env: { DEBIAN_FRONTEND: "noninteractive" },
  });
}
