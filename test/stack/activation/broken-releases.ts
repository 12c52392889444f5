import { execa } from "execa";
import { expect, test } from "vitest";
import type { Phase } from "../../../infra/core/phases";
import { underLoad } from "../../steady-load";
import { deploy, servingRelease, stack } from "../deployed";
import { inputFor, onHost, runStep } from "../steps";
import { healthOf, type Suite } from "./suite";

const broken: [string, Phase, RegExp][] = [
  ["exits", "stage", /v1\.2\.0-exits was not taken: .*ended by itself/],
  ["hangs", "stage", /runs, but health did not answer 200 within 6 s/],
  ["wrong-version", "stage", /the health endpoint reports v1\.1\.0; expected v1\.2\.0-wrong-version/],
  ["wrong-port", "stage", /nobody listens on port 800\d, but the backend listens on 9000/],
  ["needs-variable", "stage", /ended by itself/],
  ["crashes", "activate", /served and was taken back: the backend ended by itself.*within the bake time of 4 s/],
  [
    "grows",
    "activate",
    /served and was taken back: the backend (uses \d+ MiB, more than app\.backend\.memoryLimitMiB \(512\)|ended by itself)/,
  ],
];

/** Each is refused for its own reason, while users of the release before it notice nothing. */
export function brokenReleaseCases(suite: Suite): void {
  test.each(broken)("%s is refused in %s, and no request fails", async (name, phase, reason) => {
    const { input, rehearsal } = suite();
    const candidate = await inputFor(input, `v1.2.0-${name}`);
    const { asked, failed, byRelease } = await underLoad(healthOf(input), async () => {
      if (phase === "activate") await runStep("stage", candidate);
      const refusal = await runStep(phase, candidate).then(
        ({ summary }) => Promise.reject(new Error(`it was taken: ${summary}`)),
        (error: unknown) => error,
      );
      expect(String(refusal)).toMatch(reason);
      const { journal } = refusal as { journal: string[] };
      expect(journal).not.toEqual([]);
      if (name === "needs-variable") expect(journal.join("\n")).toContain("SMTP_URL is missing");
    });
    expect(failed).toEqual([]);
    expect(asked).toBeGreaterThan(20);
    expect(Object.keys(byRelease).filter((release) => release !== "v1.2.0")).toEqual(
      phase === "activate" ? [`v1.2.0-${name}`] : [],
    );
    expect(await servingRelease(rehearsal)).toBe("v1.2.0");
    expect(
      await onHost(input, "systemctl list-units --no-legend --state=active 'prompt-library-backend@*' | wc -l"),
    ).toBe("1");
  });

  test("a whole up to one fails, says so and what to do, and the command of releases tells of it afterwards", async () => {
    const { input, rehearsal } = suite();
    const { failed } = await underLoad(healthOf(input), async () => {
      const refused = await deploy(rehearsal, "v1.2.0-exits", 2);
      expect(refused.exitCode).not.toBe(0);
      expect(refused.output).toMatch(/stage failed: v1\.2\.0-exits was not taken: .*ended by itself/);
    });
    expect(failed).toEqual([]);
    const { stdout } = await execa("npm", ["run", "--silent", "releases", "--", stack]);
    expect(stdout).toMatch(/^ +v1\.2\.0-exits +bad +never /m);
    expect(stdout).toMatch(/^\* +v1\.2\.0 +verified /m);
    expect(stdout).toMatch(/^v1\.2\.0-exits was found bad: v1\.2\.0-exits was not taken: /m);
    const back = await deploy(rehearsal, "v1.2.0", 2);
    expect(back.exitCode, back.output).toBe(0);
  });
}
