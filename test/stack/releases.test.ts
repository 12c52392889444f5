import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stackInput } from "../../infra/cli/stack-input";
import { openContext } from "../../infra/steps/context";
import type { StepInput } from "../../infra/steps/input";
import type { StepContext } from "../../infra/steps/step";
import { until } from "./cloud-fixture";
import { deployed, servingRelease, stack } from "./deployed";

// Steps and scripts alone, against the one deployed host.
let input: StepInput;
const opened: StepContext[] = [];

beforeAll(async () => {
  const rehearsal = await deployed("v1.1.0", 1);
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

describe("a script that runs as a unit of the host", () => {
  const mark = "/run/test-mark";

  test("is followed to its end when its connection is cut, and runs once", async () => {
    const { host } = open();
    await host.run("cleaning up", `rm -f ${mark}*`);
    const said: string[] = [];
    const done = host.runWhole("a slow script", `echo once >> ${mark}\nuntil [ -e ${mark}.go ]; do sleep 0.1; done\necho its last word`, { progress: (words) => said.push(words) });
    const other = open().host;
    try {
      await until("the script's begin", 10_000, () => other.run("looking", `cat ${mark}`));
      // Ends the shared connection and all that goes over it.
      await host.close();
      await until("a connection made again", 10_000, async () => said.some((words) => words.includes("connecting again")));
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
      await until("the first at work", 10_000, async () => (await second.run("looking", "systemctl is-active deployment-step || true")) === "active");
      const two = second.runWhole("the second", `echo second >> ${mark}`, { progress: (words) => said.push(words) });
      await until("the second waiting", 30_000, async () => (await second.run("letting the first end", `touch ${mark}.go`), true));
      await Promise.all([one, two]);
      expect(await second.run("reading", `cat ${mark}`)).toBe("first\nsecond");
    } finally {
      await second.run("cleaning up", `touch ${mark}.go; sleep 0.3; rm -f ${mark}*`);
      await one.catch(() => undefined);
    }
  });

  test("tells its failure with its last words, and its end by systemd as what it is", async () => {
    const { host } = open();
    await expect(host.runWhole("a bad script", "echo why >&2; exit 4")).rejects.toThrow(/a bad script on .* ended with 4: why/);
    await expect(host.runWhole("a long script", "sleep 60", { timeoutMs: 1_000 })).rejects.toThrow(/a long script on .* was cut off before its end/);
  });
});
