import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { pickProvider } from "../toolchain/aws-provider";
import { buildOnce, hashOf } from "../toolchain/build-once";
import { exportLines, toolchainEnvironment } from "../toolchain/environment";
import { isNewEnough } from "../toolchain/go";
import { parseHolder, withLock } from "../toolchain/lock";
import { unknownToPlugin } from "../toolchain/package-schema";
import { schemaUses } from "../toolchain/schema-uses";
import { pinnedVersions } from "../toolchain/versions";

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "toolchain-"));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test.each([
  ["go version go1.26.8 linux/amd64", true],
  ["go version go1.27rc1 linux/arm64", true],
  ["go version go2.0 linux/amd64", true],
  ["go version go1.25.11 linux/amd64", false],
  ["go version go1.9 linux/amd64", false],
  ["bash: go: command not found", false],
])("%s: new enough is %s", (printed, expected) => expect(isNewEnough(printed)).toBe(expected));

test("only the provider of the version that the bridge is built for is taken", () => {
  const wanted = "/opt/plugins/linux_amd64/terraform-provider-aws_v5.100.0_x5";
  expect(
    pickProvider(["/a/terraform-provider-aws_v6.1.0_x5", wanted, "/a/terraform-provider-aws_v5.100.0_x5.sig"]),
  ).toBe(wanted);
  expect(pickProvider(["/a/terraform-provider-aws_v6.1.0_x5", "/a/terraform-provider-aws_v5x100.0_x5", ""])).toBeNull();
});

test("the engine's directory comes first on PATH, once", () => {
  expect(toolchainEnvironment("/home", "/usr/bin:/home/bin::/bin")).toEqual({
    PATH: "/home/bin:/usr/bin:/bin",
    PULUMI_HOME: "/home",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  });
});

test("a shell reads back whatever the environment holds", async () => {
  const value = `it's "$HOME" \`id\` \\ and a\nline`;
  const shell = await execa("sh", ["-c", `${exportLines({ TRIED: value })}printf %s "$TRIED"`]);
  expect(shell.stdout).toBe(value);
});

test("equal ingredients have equal names, others others", () => {
  expect(hashOf({ a: "1" })).toBe(hashOf({ a: "1" }));
  expect(hashOf({ a: "1" })).not.toBe(hashOf({ a: "2" }));
});

test("a package that is not pinned is refused", () => {
  const manifest = (version: string) =>
    JSON.stringify({
      dependencies: {
        "@pulumi/pulumi": version,
        "@pulumi/aws": "7.48.0",
        "@pulumi/command": "1.2.1",
        "@pulumi/postgresql": "3.18.1",
      },
    });
  expect(pinnedVersions(manifest("3.259.0"))).toEqual({
    engine: "3.259.0",
    plugins: { aws: "7.48.0", command: "1.2.1", postgresql: "3.18.1" },
  });
  expect(() => pinnedVersions(manifest("^3.259.0"))).toThrow(/must be pinned/);
});

test("what was killed while it built is built anew, what was finished is not", () =>
  inDirectory(async (parent) => {
    const directory = join(parent, "thing");
    let builds = 0;
    const build = async (into: string) => {
      builds += 1;
      expect(await readdir(into)).toEqual([]);
      await writeFile(join(into, "half"), "");
      if (builds === 1) throw new Error("killed");
    };
    await expect(buildOnce(directory, () => {}, build)).rejects.toThrow("killed");
    await buildOnce(directory, () => {}, build);
    await buildOnce(directory, () => {}, build);
    expect(builds).toBe(2);
    expect((await readdir(directory)).sort()).toEqual(["finished", "half"]);
    expect(await readdir(parent)).toEqual(["thing"]);
  }));

test("work under one lock never overlaps", () =>
  inDirectory(async (directory) => {
    let inside = 0;
    let most = 0;
    const turn = () =>
      withLock(
        join(directory, "lock"),
        () => {},
        async () => {
          inside += 1;
          most = Math.max(most, inside);
          await readdir(directory);
          inside -= 1;
        },
      );
    await Promise.all([turn(), turn(), turn(), turn()]);
    expect(most).toBe(1);
    expect(await readdir(directory)).toEqual([]);
  }));

test("a lock whose holder is gone is taken over; one that doesn't name a process too", () =>
  inDirectory(async (directory) => {
    const lock = join(directory, "lock");
    const gone = execa("true");
    await gone;
    const reused = { pid: process.pid, started: "1", id: "a process of old that had this id" };
    for (const left of [{ pid: gone.pid, started: null, id: "gone" }, reused, "no lock at all"]) {
      await writeFile(lock, JSON.stringify(left));
      expect(
        await withLock(
          lock,
          () => {},
          () => readFile(lock, "utf8"),
        ),
      ).toContain(`"pid":${process.pid}`);
    }
    expect(await readdir(directory)).toEqual([]);
  }));

test("a lock's holder is read strictly", () => {
  expect(parseHolder('{"pid":12,"started":"34","id":"x"}')).toEqual({ pid: 12, started: "34", id: "x" });
  for (const text of ["", "12", "null", '{"pid":-1,"id":"x"}', '{"pid":"12","id":"x"}', '{"pid":12}']) {
    expect(parseHolder(text)).toBeNull();
  }
});

test("what a program uses of aws is found in every shape that it is written in", () => {
  const text = `
import * as aws from "@pulumi/aws";
import * as other from "@pulumi/command";
new other.local.Command("c", { create: "true" });
const rules = [{ id: "a" }];
new aws.s3.BucketLifecycleConfiguration("l", { bucket, rules, ...(days ? { expectedBucketOwner: "1" } : {}) }, { parent: this });
new aws.ec2.Route("r", args);
aws.getRegion({});
aws.ec2.Instance.get("i", "i-1");
new aws.rds.ParameterGroup("p", { family: \`postgres\${major}\`, parameters: names.map((name) => ({ name, value: "1" })) });
`;
  expect(
    schemaUses(
      new Map([
        ["a.ts", text],
        ["b.ts", "export const nothing = 1;"],
      ]),
    ),
  ).toEqual([
    {
      type: "s3/BucketLifecycleConfiguration",
      properties: ["bucket", "rules", "rules.id", "expectedBucketOwner"],
      at: "a.ts:6",
    },
    { type: "ec2/Route", properties: [], at: "a.ts:7" },
    { type: "getRegion", properties: [], at: "a.ts:8" },
    {
      type: "rds/ParameterGroup",
      properties: ["family", "parameters", "parameters.name", "parameters.value"],
      at: "a.ts:10",
    },
  ]);
});

test("keys of a map are free, properties of a type are not", () => {
  const schema = {
    resources: {
      "aws:m/thing:Thing": {
        inputProperties: {
          tags: { type: "object", additionalProperties: { type: "string" } },
          parts: { type: "array", items: { $ref: "#/types/aws:m/Part:Part" } },
        },
        requiredInputs: ["parts"],
      },
    },
    functions: {},
    types: { "aws:m/Part:Part": { properties: { size: { type: "number" } } } },
  };
  const use = (...properties: string[]) => unknownToPlugin(schema, [{ type: "m/Thing", properties, at: "a.ts:1" }]);
  expect(use("tags", "tags.any", "parts", "parts.size")).toEqual([]);
  expect(use("parts.size.unit")).toEqual([
    "a.ts:1: m/Thing of the plugin has no property parts.size.unit",
    "a.ts:1: m/Thing of the plugin asks for parts",
  ]);
  expect(use("parts", "parts.colour")).toEqual(["a.ts:1: m/Thing of the plugin has no property parts.colour"]);
});
