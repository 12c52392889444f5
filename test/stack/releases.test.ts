import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { GetObjectCommand, ListObjectVersionsCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stackInput } from "../../infra/cli/stack-input";
import { readStackState } from "../../infra/cli/stack-state";
import { openContext } from "../../infra/context/context";
import type { StepInput } from "../../infra/context/input";
import type { StepContext } from "../../infra/context/step";
import { whoRuns } from "../../infra/core/who-runs";
import { bringScript, releaseDirectory } from "../../infra/host/commands/stage-script";
import { breakLock, DeploymentLock } from "../../infra/lock/deployment-lock";
import type { Lease } from "../../infra/lock/lease";
import { LockStore } from "../../infra/lock/store";
import { note, prune, pruneArtifacts, releasesOnHost } from "../../infra/phases/stage/ledger";
import { stage } from "../../infra/phases/stage/stage";
import { buildArtifact } from "../../infra/release/artifact/build";
import { identityOf } from "../../infra/release/artifact/identity";
import { nodeVersionOf } from "../../infra/release/artifact/node-version";
import { artifactObject } from "../../infra/release/artifact/object";
import { provideArtifact } from "../../infra/release/artifact/provide";
import { badWarning } from "../../infra/release/history/ledger";
import { ReleaseStore } from "../../infra/release/history/store";
import { resolveRelease } from "../../infra/release/release";
import type { Rehearsal } from "../rehearsal/rehearsal";
import { asOwner } from "./as-owner";
import { until } from "./cloud-fixture";
import { deploy, deployed, servingRelease, stack } from "./deployed";

// Steps and scripts alone, against the one deployed host.
let rehearsal: Rehearsal;
let input: StepInput;
const opened: StepContext[] = [];

beforeAll(async () => {
  rehearsal = await deployed("v1.1.0", 1);
  expect(await servingRelease(rehearsal)).toBe("v1.1.0");
  input = await stackInput(stack);
});

afterAll(async () => {
  for (const { host } of opened) await host.close();
});

function open(of: StepInput = input): StepContext {
  const context = openContext("stage", of, new Date());
  opened.push(context);
  return context;
}

function held({ paths }: StepContext, digest: string): string {
  return releaseDirectory(paths, digest);
}

describe("a script that runs as a unit of the host", () => {
  const mark = "/run/test-mark";

  test("is followed to its end when its connection is cut, and runs once", async () => {
    const { host } = open();
    await host.run("cleaning up", `rm -f ${mark}*`);
    const said: string[] = [];
    const done = host.runWhole(
      "a slow script",
      `echo once >> ${mark}\nuntil [ -e ${mark}.go ]; do sleep 0.1; done\necho its last word`,
      { progress: (words) => said.push(words) },
    );
    const other = open().host;
    try {
      await until("the script's begin", 10_000, () => other.run("looking", `cat ${mark}`));
      // Ends the shared connection and all that goes over it.
      await host.close();
      await until("a connection made again", 10_000, async () =>
        said.some((words) => words.includes("connecting again")),
      );
      await other.run("letting it end", `touch ${mark}.go`);
      expect(await done).toBe("its last word");
      expect(await other.run("counting", `cat ${mark}`)).toBe("once");
    } finally {
      await other.run("cleaning up", `touch ${mark}.go; sleep 0.3; rm -f ${mark}*`);
      await done.catch(() => undefined);
    }
  });

  test("is waited for by the next one, whose program the first one's may have lost", async () => {
    const [first, second] = [open().host, open().host];
    const said: string[] = [];
    const one = first.runWhole("the first", `until [ -e ${mark}.go ]; do sleep 0.1; done; echo first >> ${mark}`);
    try {
      await until(
        "the first at work",
        10_000,
        async () => (await second.run("looking", "systemctl is-active deployment-step || true")) === "active",
      );
      const two = second.runWhole("the second", `echo second >> ${mark}`, { progress: (words) => said.push(words) });
      await until(
        "the second waiting",
        30_000,
        async () => (await second.run("letting the first end", `touch ${mark}.go`), true),
      );
      await Promise.all([one, two]);
      expect(await second.run("reading", `cat ${mark}`)).toBe("first\nsecond");
    } finally {
      await second.run("cleaning up", `touch ${mark}.go; sleep 0.3; rm -f ${mark}*`);
      await one.catch(() => undefined);
    }
  });

  test("tells its failure with its last words, and its end by systemd as what it is", async () => {
    const { host } = open();
    await expect(host.runWhole("a bad script", "echo why >&2; exit 4")).rejects.toThrow(
      /a bad script on .* exited with 4: why/,
    );
    await expect(host.runWhole("a long script", "sleep 60", { timeoutMs: 1_000 })).rejects.toThrow(
      /a long script on .* was cut off before its end/,
    );
  });
});

const s3 = () => new S3Client({ ...asOwner, forcePathStyle: true });

describe("an artifact", () => {
  /** The next release, as if config asked for it. */
  async function next(): Promise<StepInput> {
    return {
      ...input,
      release: await resolveRelease("v1.2.0", input.settings.app.repository),
      settings: { ...input.settings, release: "v1.2.0", schemaVersion: 2 },
    };
  }

  test("that was built anywhere is found in the bucket by a machine that never built it", async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), "another-machine-"));
    const before = process.env.PROMPT_LIBRARY_CACHE;
    const first = await provideArtifact(await next(), () => undefined);
    process.env.PROMPT_LIBRARY_CACHE = elsewhere;
    try {
      const said: string[] = [];
      expect(await provideArtifact(await next(), (words) => said.push(words))).toEqual({ ...first, source: "bucket" });
      expect(said).toEqual([]);
      // And where it is built again all the same, with nothing of the first build at hand, it is byte for byte the same.
      const wanted = await next();
      const nodeVersion = await nodeVersionOf(wanted.settings.app, wanted.release.commit);
      const identity = identityOf(wanted.settings, wanted.release.commit, [2], nodeVersion);
      expect((await buildArtifact(wanted.settings.app, identity, "v1.2.0", (words) => said.push(words))).digest).toBe(
        first.digest,
      );
      expect(said.filter((words) => /^built in \d+\.\d s: npm /.test(words))).toHaveLength(3);
    } finally {
      if (before === undefined) delete process.env.PROMPT_LIBRARY_CACHE;
      else process.env.PROMPT_LIBRARY_CACHE = before;
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  test.each([
    ["tampered with", (whole: Buffer) => Buffer.concat([whole.subarray(0, -1), Buffer.from([whole.at(-1)! ^ 1])])],
    ["cut", (whole: Buffer) => whole.subarray(0, whole.length >> 1)],
  ])("that was %s in the bucket is refused, and the old release serves", async (_, spoil) => {
    const wanted = await next();
    const { digest } = await provideArtifact(wanted, () => undefined);
    const object = { Bucket: input.bucket, Key: artifactObject(digest) };
    const whole = Buffer.from(
      (await (await s3().send(new GetObjectCommand(object))).Body?.transformToByteArray()) ?? [],
    );
    const { host, paths } = open();
    await host.run("forgetting the release", `rm -rf ${held(open(), digest)}`);
    const bad = spoil(whole);
    try {
      await s3().send(new PutObjectCommand({ ...object, Body: bad }));
      // Cut to another length it is not found, so a runner that still holds it would store it again; this one is lied to.
      const stored = { digest, bytes: bad.length, unpackedBytes: 1_000_000 };
      const script = bringScript({
        paths,
        region: input.settings.target.region,
        bucket: input.bucket,
        artifact: stored,
        release: "v1.2.0",
      });
      await expect(host.runWhole("bringing v1.2.0", script)).rejects.toThrow(
        /exited with 3: .* is not the archive that was built: .* the host rejected v1.2.0/,
      );
      expect(await host.run("looking", `ls ${paths.releases} | grep ${digest.slice(0, 16)} || true`)).toBe("");
      expect(await host.run("asking", "curl -s http://127.0.0.1:8000/api/system/health | jq -r .version")).toBe(
        "v1.1.0",
      );
    } finally {
      await s3().send(new PutObjectCommand({ ...object, Body: whole }));
    }
  });

  test("that serves is brought again, without a build, to a host that was made anew by hand", async () => {
    const context = open();
    const { host, paths } = context;
    const state = JSON.parse(
      await host.run("reading", `cat ${paths.state}/$(basename $(readlink ${paths.current})).json`),
    ) as { digest: string };
    await host.run("losing the releases", `rm -rf ${paths.releases}`);
    expect((await stage(context)).summary).toMatch(/serves already/);
    expect(context.details.artifact).toMatchObject({ source: "bucket", digest: state.digest });
    expect(await host.run("looking", `jq -r .commit ${held(context, state.digest)}/manifest.json`)).toBe(
      input.release.commit,
    );
    expect(
      await host.run(
        "who may read credentials",
        `runuser -u ${input.settings.app.name} -- sh -c 'curl -s -m 3 -o /dev/null http://169.254.169.254/ && echo yes || echo no'`,
      ),
    ).toBe("no");
  });
});

describe("the ledger", () => {
  const made = (name: string) => createHash("sha256").update(name).digest("hex");
  const content = (name: string) => ({
    release: name,
    commit: "c".repeat(40),
    digest: made(name),
    environment: "d".repeat(64),
  });
  const store = () => new ReleaseStore(input.bucket, input.stack, input.settings.target.region);

  test("tells of the release that serves, in words too", async () => {
    const known = await releasesOnHost(open());
    expect(known.find(({ release }) => release === "v1.1.0")).toMatchObject({
      commit: input.release.commit,
      verdict: "verified",
      who: whoRuns(),
    });
    const { stdout } = await execa("npm", ["run", "--silent", "releases", "--", stack]);
    expect(stdout).toMatch(/^\* +v1\.1\.0 +verified .* yes$/m);
  });

  test("is taken up from the bucket by a host that has none", async () => {
    const context = open();
    const { host, paths } = context;
    const before = await host.run("reading", `cat ${paths.ledger}`);
    expect(await store().ledger()).toBe(`${before}\n`);
    await host.run("losing the ledger", `mv ${paths.ledger} ${paths.ledger}.lost`);
    try {
      expect((await releasesOnHost(context)).find(({ release }) => release === "v1.1.0")).toMatchObject({
        verdict: "verified",
        who: whoRuns(),
      });
      await note(context, "staged", content("later"));
      const after = await host.run("reading", `cat ${paths.ledger}`);
      expect(after.startsWith(`${before}\n`)).toBe(true);
      expect(after.split("\n").at(-1)).toContain('"release":"later"');
      expect(await store().ledger()).toBe(`${after}\n`);
    } finally {
      await host.run("finding the ledger", `mv ${paths.ledger}.lost ${paths.ledger}`);
      await store().keepLedger(`${before}\n`);
    }
  });

  test("remembers a refusal, and pruning takes failures first and never what serves", async () => {
    const context = open();
    const { host, paths } = context;
    await host.run("keeping the ledger", `cp ${paths.ledger} ${paths.ledger}.before`);
    const copy = await store().ledger();
    const names = ["good-1", "good-2", "good-3", "bad-1"];
    try {
      for (const name of ["good-1", "good-2", "good-3"]) await note(context, "served", content(name));
      await note(context, "bad", content("bad-1"), "it ended by itself");
      await host.run(
        "making releases",
        `mkdir -p ${["good-1", "good-2", "good-3", "bad-1"].map((name) => held(context, made(name))).join(" ")} ${paths.releases}/left-over.new`,
      );
      expect(badWarning(await releasesOnHost(context), made("bad-1"))).toMatch(
        /bad-1 was found bad on this host .*: it ended by itself/,
      );
      const keepsTwo = {
        ...context,
        input: { ...input, settings: { ...input.settings, host: { ...input.settings.host, keepReleases: 2 } } },
      };
      const gone = await prune(keepsTwo);
      expect(gone).toContain("left-over.new");
      expect(gone).toContain(made("bad-1").slice(0, 16));
      // The last good one stays beside the two that are kept; what the tests before left is older.
      for (const name of ["good-1", "good-2", "good-3"]) expect(gone).not.toContain(made(name).slice(0, 16));

      for (const name of names) {
        await s3().send(new PutObjectCommand({ Bucket: input.bucket, Key: artifactObject(made(name)), Body: name }));
        await s3().send(
          new PutObjectCommand({
            Bucket: input.bucket,
            Key: `artifacts/index/test-${name}.json`,
            Body: JSON.stringify({ digest: made(name), bytes: 1, unpackedBytes: 1 }),
          }),
        );
      }
      const unkept = await pruneArtifacts(keepsTwo);
      expect(unkept).toContain(made("bad-1"));
      const kept = await store().digests();
      for (const name of ["good-1", "good-2", "good-3"]) expect(kept).toContain(made(name));
      expect(kept).toContain((await releasesOnHost(context)).find(({ release }) => release === "v1.1.0")?.digest);
      // No version of it is left to pay for, nor what would lead there.
      const left = async (prefix: string) =>
        (await s3().send(new ListObjectVersionsCommand({ Bucket: input.bucket, Prefix: prefix }))).Versions ?? [];
      expect([...(await left(artifactObject(made("bad-1")))), ...(await left("artifacts/index/test-bad-1"))]).toEqual(
        [],
      );

      expect(await host.run("asking", "curl -s http://127.0.0.1:8000/api/system/health | jq -r .version")).toBe(
        "v1.1.0",
      );
      expect(
        await host.run(
          "looking",
          `test -x ${paths.slot("blue")}/runtime/bin/node -o -x ${paths.slot("green")}/runtime/bin/node && echo there`,
        ),
      ).toBe("there");
    } finally {
      await host.run(
        "cleaning up",
        `mv ${paths.ledger}.before ${paths.ledger}; rm -rf ${["good-1", "good-2", "good-3", "bad-1"].map((name) => held(context, made(name))).join(" ")} ${paths.releases}/left-over.new`,
      );
      await store().keepLedger(copy);
      await store().remove(names.map(made));
    }
  });
});

describe("the deployment lock", () => {
  const said: string[] = [];
  const hear = (words: string) => void said.push(words);
  const lockOf = (name: string, who: string, deployment = who) =>
    new DeploymentLock(new LockStore(input.bucket, name, input.settings.target.region), { who, deployment });

  test("of one that lives turns the other away, saying who holds it and what to do, and is free afterwards", async () => {
    const mine = lockOf("test-alive", "ada@desk");
    const other = lockOf("test-alive", "bob@laptop");
    await mine.take("stage", hear);
    try {
      await expect(other.take("preflight", hear)).rejects.toMatchObject({
        message: expect.stringMatching(
          /another deployment of this stack is running: ada@desk, since .*, in phase stage/,
        ),
        remedy: expect.stringContaining("npm run lock -- test-alive --break"),
      });
      await mine.check();
      // The next phase of the same deployment, another process, continues with it.
      await mine.leave();
      const next = lockOf("test-alive", "ada@desk");
      await next.take("verify", hear);
      await next.free();
      await other.take("preflight", hear);
    } finally {
      await mine.leave();
      await other.free();
    }
  });

  test("is taken before the first resource changes: one that is held leaves every resource as it is, and only an up without changes passes it", async () => {
    const changed = { "monitoring.runbook": "https://runbooks.example/alarms" };
    const alarms = async () => {
      const { resources } = await readStackState(stack);
      return resources
        .filter(({ type }) => type === "aws:cloudwatch/metricAlarm:MetricAlarm")
        .map(({ urn, outputs }) => `${urn} ${String(outputs?.alarmDescription)}`)
        .sort();
    };
    const standing = await alarms();
    expect(standing.length).toBeGreaterThan(1);
    const other = lockOf(stack, "ada@desk");
    await other.take("stage", hear);
    try {
      expect(await deploy(rehearsal, "v1.1.0", 1)).toMatchObject({
        exitCode: 0,
        output: expect.stringMatching(/\d+ unchanged/),
      });
      const refused = await deploy(rehearsal, "v1.1.0", 1, changed);
      expect(refused.exitCode).not.toBe(0);
      expect(refused.output).toMatch(/another deployment of this stack is running: ada@desk, since .*, in phase stage/);
      expect(refused.output).toContain(`npm run lock -- ${stack} --break`);
      expect(await alarms()).toEqual(standing);
    } finally {
      await other.free();
      await rehearsal.pulumi.capture("config", "rm", "--path", "monitoring.runbook");
    }
  });

  test("is one for the program and its phases, and free afterwards", async () => {
    const store = new LockStore(input.bucket, stack, input.settings.target.region);
    const seen: Lease[] = [];
    let isOver = false;
    const watching = (async () => {
      for (; !isOver; await pause(200))
        seen.push(...[(await store.read())?.lease].filter((lease) => lease !== undefined));
    })();
    try {
      const done = await deploy(rehearsal, "v1.1.0", 1, { "monitoring.runbook": "https://runbooks.example/alarms" });
      expect(done.exitCode, done.output).toBe(0);
    } finally {
      isOver = true;
      await watching;
      await deploy(rehearsal, "v1.1.0", 1, { "monitoring.runbook": "docs/runbooks/alarms.md" });
    }
    const held = seen.filter(({ isFree }) => !isFree);
    expect([...new Set(held.map(({ phase }) => phase))].slice(0, 2)).toEqual(["resources", "preflight"]);
    expect(new Set(held.map(({ since }) => since)).size).toBe(1);
    expect((await store.read())?.lease).toMatchObject({ isFree: true, phase: "evidence" });
  });

  test("of one that is dead lapses by itself", async () => {
    const dead = lockOf("test-dead", "ada@desk");
    await dead.take("stage", hear);
    await dead.leave();
    const next = lockOf("test-dead", "bob@laptop");
    const startedAt = Date.now();
    await next.take("preflight", hear);
    expect(Date.now() - startedAt).toBeGreaterThan(50_000);
    expect(said.some((words) => /^the deployment of ada@desk.* ended without freeing its lock/.test(words))).toBe(true);
    await next.free();
  });

  test("that is broken says whose it was, and its owner stops", async () => {
    const store = new LockStore(input.bucket, "test-broken", input.settings.target.region);
    const mine = lockOf("test-broken", "ada@desk");
    await mine.take("activate", hear);
    try {
      expect((await breakLock(store, "bob@laptop"))?.lease).toMatchObject({ who: "ada@desk", phase: "activate" });
      await until("the owner noticing", 30_000, async () =>
        mine.check().then(
          () => false,
          (error: unknown) => String(error).includes("broken by bob@laptop"),
        ),
      );
    } finally {
      await mine.leave();
    }
    expect(await breakLock(store, "bob@laptop")).toBeUndefined();
  });

  test("is free after a deployment, and one that is held is told and broken by its command, which says whose it was", async () => {
    const command = (...args: string[]) =>
      execa("npm", ["run", "--silent", "lock", "--", stack, ...args], { reject: false });
    expect((await command()).stdout).toBe("Nobody holds the lock.");
    const dead = lockOf(stack, "ada@desk");
    await dead.take("stage", hear);
    await dead.leave();
    try {
      const told = await command();
      expect(told.stdout).toMatch(
        /^Held by ada@desk, since .*, in phase stage, last heartbeat \d+ s ago; it expires in \d+ s unless it is renewed\.$/,
      );
      expect(told.exitCode).toBe(1);
      expect((await command("--break")).stdout).toMatch(
        /^Broken: the lock was held by ada@desk, since .*, in phase stage/,
      );
      expect((await command()).stdout).toBe("Nobody holds the lock.");
    } finally {
      await breakLock(new LockStore(input.bucket, stack, input.settings.target.region), "the test");
    }
  });
});
