import { get } from "node:https";
import { expect, test } from "vitest";
import WebSocket from "ws";
import { underLoad } from "../../steady-load";
import { servingRelease } from "../deployed";
import { inputFor, onHost, runStep } from "../steps";
import { ended, healthOf, type Suite } from "./suite";

/** What is under way when traffic turns: short requests, a long one, a websocket. */
export function turnCases(suite: Suite): void {
  test("a turn loses no request, lets a long one end and keeps a websocket up to the deadline", async () => {
    const { input, rehearsal } = suite();
    const streams = await inputFor(input, "v1.2.0-streams");
    await runStep("stage", streams);
    await runStep("activate", streams);
    const { address } = input.host;

    const back = await inputFor(input, "v1.2.0");
    await runStep("stage", back);
    const socket = new WebSocket(`wss://${address}/api/events`, { rejectUnauthorized: false });
    const heard: number[] = [];
    socket.on("message", (data) => {
      expect(String(data)).toBe("v1.2.0-streams");
      heard.push(Date.now());
    });
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => undefined);
    await new Promise((resolve) => socket.once("open", resolve));
    const long = slow(address, 6_000);
    const began = Date.now();
    const { failed, byRelease } = await underLoad({ ...healthOf(input), keepAlive: false }, () =>
      runStep("activate", back),
    );
    const turnedAfter = Date.now() - began;
    expect(failed).toEqual([]);
    expect(byRelease["v1.2.0"]).toBeGreaterThan(10);
    expect(await long).toBe("200 v1.2.0-streams");
    await closed;
    // Heard from well after the turn, until the deadline of 8 s that this test sets.
    expect(heard.at(-1)! - began).toBeGreaterThan(4_000);
    expect(turnedAfter).toBeGreaterThan(4_000);
    expect(await servingRelease(rehearsal)).toBe("v1.2.0");
    // Stopped and kept: the rollback needs no build and no transfer.
    expect(Number(await onHost(input, "ls /srv/prompt-library/releases | wc -l"))).toBeGreaterThan(1);
  });

  test("an activation whose program is killed serves on, is turned back by the host, and the next run ends it", async () => {
    const { input, rehearsal } = suite();
    const streams = await inputFor(input, "v1.2.0-streams");
    const candidate = {
      ...streams,
      settings: { ...streams.settings, verification: { ...streams.settings.verification, bakeSeconds: 60 } },
    };
    await runStep("stage", candidate);
    const { failed } = await underLoad(healthOf(input), async () => {
      await ended(candidate, "activate", /watching for/);
      expect(await servingRelease(rehearsal)).toBe("v1.2.0-streams");
      // What its clock would do in two minutes.
      await onHost(
        input,
        "systemctl list-timers --no-legend prompt-library-turn-back.timer | grep -q turn-back; systemctl start prompt-library-turn-back.service",
      );
    });
    expect(failed).toEqual([]);
    expect(await servingRelease(rehearsal)).toBe("v1.2.0");
    await runStep("activate", streams);
    expect(await servingRelease(rehearsal)).toBe("v1.2.0-streams");
    await ended(
      { ...candidate, release: input.release, settings: { ...candidate.settings, release: "v1.2.0" } },
      "stage",
      /starting|host holds/,
    );
    await runStep("stage", input);
    await runStep("activate", input);
    expect(await servingRelease(rehearsal)).toBe("v1.2.0");
  });
}

function slow(address: string, ms: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: address, path: `/api/slow/${ms}`, rejectUnauthorized: false, agent: false }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => resolve(`${response.statusCode} ${body}`));
    }).on("error", reject);
  });
}
