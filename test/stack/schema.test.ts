import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { pluginPath } from "../toolchain/build";
import { PackageSchema, unknownToPlugin } from "../toolchain/package-schema";
import { schemaUses, typescriptFiles } from "../toolchain/schema-uses";
import { setupToolchain } from "../toolchain/setup";
import { pinnedVersions } from "../toolchain/versions";

// The types that are compiled are those of @pulumi/aws 7.48; the provider that runs where Pulumi's site is out of reach is 5.100.
let schema: PackageSchema;

beforeAll(async () => {
  const { pulumiHome } = await setupToolchain();
  const plugin = dirname(join(pulumiHome, pluginPath("aws", pinnedVersions().plugins.aws)));
  schema = PackageSchema.parse(JSON.parse(await readFile(join(plugin, "schema.json"), "utf8")));
});

test("the plugin knows every aws type and property that infra/ uses", () => {
  const uses = schemaUses(typescriptFiles(resolve("infra")));
  const types = [...new Set(uses.map((use) => use.type))].sort();
  console.log(`held against the schema: ${uses.length} uses of ${types.length} types: ${types.join(", ")}`);
  expect(types).toContain("rds/Instance");
  expect(uses.flatMap((use) => use.properties)).toContain("metadataOptions.httpTokens");
  // Provider 5.100 lifts termination protection whenever an instance goes; 6 and newer only where this asks for it.
  const ofNewerProviders = /ec2\/Instance of the plugin has no property forceDestroy$/;
  expect(unknownToPlugin(schema, uses).filter((unknown) => !ofNewerProviders.test(unknown))).toEqual([]);
});

test("the plugin knows what the bare program of every resource uses", () => {
  expect(unknownToPlugin(schema, schemaUses(typescriptFiles(resolve("test/toolchain/every-resource"))))).toEqual([]);
});

test("a type, a property and a nested property that the plugin lacks are found", () => {
  const text = `
import * as aws from "@pulumi/aws";
import { Instance } from "@pulumi/aws/ec2";
new aws.lambda.Function("f", { role: "r" });
new aws.sns.Topic("t", { name: "t", region: "eu-central-1" });
const volume = { encrypted: true, sparkling: true } as const;
new Instance("i", { rootBlockDevice: volume, tags: { anything: "goes" } });
new aws.sns.TopicSubscription("s", { protocol: "email", ...(true ? { endpoint: "a" } : {}) });
aws.ec2.getAmiOutput({ filters: [{ name: "name", colours: ["red"] }] });
`;
  expect(unknownToPlugin(schema, schemaUses(new Map([["fixture.ts", text]])))).toEqual([
    "fixture.ts:4: the plugin has no aws type lambda/Function. Remedy: a line for it in test/toolchain/aws/tokens.txt",
    "fixture.ts:5: sns/Topic of the plugin has no property region",
    "fixture.ts:7: ec2/Instance of the plugin has no property rootBlockDevice.sparkling",
    "fixture.ts:8: sns/TopicSubscription of the plugin asks for topic",
    "fixture.ts:9: ec2/getAmi of the plugin has no property filters.colours",
  ]);
});
