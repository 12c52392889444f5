import { expect, test } from "vitest";
import { type Pulumi, usePlainCloud } from "./plain-stack";

const cloud = usePlainCloud("test/stack/first-up-program");

const open = JSON.stringify("any");
const dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/** Three days from now. */
const closed = JSON.stringify({
  days: [dayNames[(new Date().getUTCDay() + 3) % 7]],
  fromUtc: "00:00",
  toUtc: "23:59",
});

/** With one slot for the engine's steps. */
const up = (pulumi: Pulumi, window: string, topic: string) =>
  pulumi(
    ...["up", "--yes", "--skip-preview", "--parallel", "1"],
    ...["--config", `first-up:window=${window}`, "--config", `first-up:topic=${topic}`],
  );

test("a first up with one slot ends well where the bucket reaches the engine last", async () => {
  const done = await cloud.withStack("late-bucket", (pulumi) => up(pulumi, open, "one"));
  expect(done, done.output).toMatchObject({ hangs: false, exitCode: 0 });
});

test("a refused bucket ends up within 10 s, with Amazon's reason", async () => {
  let refusedAt: number | undefined;
  cloud.door.answers = ({ method, url }, response) => {
    if (method !== "PUT" || !url?.startsWith("/artifacts-bucket-")) return false;
    refusedAt ??= Date.now();
    response.writeHead(403, { "content-type": "application/xml" });
    response.end("<Error><Code>AccessDenied</Code><Message>the account may not create buckets</Message></Error>");
    return true;
  };
  const done = await cloud.withStack("refused-bucket", (pulumi) => up(pulumi, open, "one"));
  expect(done, done.output).toMatchObject({ hangs: false, exitCode: 1 });
  expect(done.output).toContain("the account may not create buckets");
  expect(done.endedAt - (refusedAt ?? 0)).toBeLessThan(10_000);
});

test("outside the maintenance window no resource is created or changed, and an up that changes none ends well", async () => {
  await cloud.withStack("window", async (pulumi) => {
    const first = await up(pulumi, closed, "one");
    expect(first.exitCode, first.output).not.toBe(0);
    expect(first.output).toMatch(/is outside the maintenance window \(\w{3} from 00:00 to 23:59 UTC\)/);
    expect(first.output).not.toMatch(/aws:\S+ \S+ created/);
    const inside = await up(pulumi, open, "one");
    expect(inside.exitCode, inside.output).toBe(0);
    const changed = await up(pulumi, closed, "two");
    expect(changed.exitCode, changed.output).not.toBe(0);
    expect(changed.output).toContain("is outside the maintenance window");
    const same = await up(pulumi, closed, "one");
    expect(same.exitCode, same.output).toBe(0);
    expect(same.output).not.toMatch(/created|updated|replaced/);
  });
});
