import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type AskHost, runTransient, settle } from "../../infra/host/transient";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A host whose clock advances 20 s with each question, and that answers the same forever. */
const host =
  (answers: { begin: string; after: string }): AskHost =>
  async (_what, script) => {
    vi.setSystemTime(Date.now() + 20_000);
    if (Date.now() > 10 * 3_600_000) throw new Error("it waits without a deadline");
    return script.includes("systemd-run") ? answers.begin : answers.after;
  };

test("a script that systemd does not end is not waited for beyond its limit", async () => {
  const ask = host({ begin: "started", after: "running" });
  await expect(runTransient(ask, "192.0.2.1", "unpacking", "true", { timeoutMs: 60_000 })).rejects.toThrow(
    "unpacking on 192.0.2.1 is still running although its limit of 60 s is over",
  );
  expect(Date.now()).toBeLessThan(600_000);
});

test.each([
  ["before its own script", (ask: AskHost) => runTransient(ask, "192.0.2.1", "unpacking", "true")],
  ["before it looks", (ask: AskHost) => settle(ask)],
])("what another run left at work is not waited for without end %s", async (_when, work) => {
  const ask = host({ begin: "busy staging", after: "busy staging" });
  await expect(work(ask)).rejects.toThrow("an earlier run is still at work on the host after 2 h (staging, unit");
});
