import { access, constants } from "node:fs/promises";
import { homedir } from "node:os";
import { execa } from "execa";
import { awsProviderVersion } from "./versions";

/** HashiCorp's AWS provider binary. */
export interface AwsProvider {
  path: string;
}

const fileName = new RegExp(`/terraform-provider-aws_v${awsProviderVersion.replaceAll(".", "\\.")}(_x5)?$`);

/**
 * Finds the provider binary: `TERRAFORM_PROVIDER_AWS` where set, else where terraform and images of it keep plugins.
 * Throws with what to do where there is none: no package registry carries it.
 */
export async function findAwsProvider(environment: NodeJS.ProcessEnv = process.env): Promise<AwsProvider> {
  const named = environment.TERRAFORM_PROVIDER_AWS;
  if (named !== undefined) {
    if (!(await isExecutable(named)))
      throw new Error(`TERRAFORM_PROVIDER_AWS=${named} is no executable file. ${remedy}`);
    return { path: named };
  }
  const roots = ["/opt", "/usr/local", "/usr/lib", homedir(), process.cwd()];
  // find's exit code tells of directories that it may not read: of no interest here.
  const found = await execa(
    "find",
    [...new Set(roots), "-xdev", "(", ...skipped, ")", "-prune", "-o", "-name", "terraform-provider-aws_v*", "-print"],
    { reject: false },
  );
  const path = pickProvider(found.stdout.split("\n"));
  if (path === null || !(await isExecutable(path))) {
    throw new Error(
      `The AWS provider's binary, terraform-provider-aws ${awsProviderVersion}, is nowhere on this machine. ${remedy}`,
    );
  }
  return { path };
}

/** The first path that is the provider in the version that the bridge is built for. */
export function pickProvider(paths: readonly string[]): string | null {
  return [...paths].sort().find((path) => fileName.test(path)) ?? null;
}

/** Trees of very many files that never hold it. */
const skipped = ["node_modules", ".git", ".npm", ".pyenv", ".rustup", "site-packages", "go-build", "mod"].flatMap(
  (name, index) => (index === 0 ? ["-name", name] : ["-o", "-name", name]),
);

const remedy =
  `Either name it: TERRAFORM_PROVIDER_AWS=/path/to/terraform-provider-aws_v${awsProviderVersion}_x5. Or fetch it with terraform: ` +
  `in a directory below your home, write main.tf with 'terraform { required_providers { aws = { source = "hashicorp/aws", ` +
  `version = "${awsProviderVersion}" } } }' and run 'terraform init' there; it is found from then on.`;

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
