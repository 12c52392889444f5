import { expect, test } from "vitest";
import type { StepInput } from "../../../infra/context/input";
import { underLoad } from "../../steady-load";
import { servingRelease } from "../deployed";
import { inputFor, onHost, runStep } from "../steps";
import { healthOf, type Suite } from "./suite";

/** Everything that a slot runs with is other than it was. */
function withOtherSlotSettings(input: StepInput): StepInput {
  const { app } = input.settings;
  const backend = {
    ...app.backend,
    command: `node --no-warnings ${app.backend.command.replace(/^node /, "")}`,
    memoryLimitMiB: app.backend.memoryLimitMiB + 100,
    ports: { blue: 8011, green: 8012 },
    moreVariables: { ...app.backend.moreVariables, CHANGED: "yes" },
  };
  return { ...input, settings: { ...input.settings, app: { ...app, backend } } };
}

const serving = `systemctl show -p FragmentPath --value "prompt-library-backend@$(basename "$(readlink /srv/prompt-library/current)")"`;
const restartServing = `systemctl restart "prompt-library-backend@$(basename "$(readlink /srv/prompt-library/current)")"`;
const filesOfServing = `slot=$(basename "$(readlink /srv/prompt-library/current)")
sha256sum "$(${serving})" "/etc/prompt-library/slots/$slot.env" | cut -d' ' -f1`;

/** A slot is whole: what a release runs with comes and goes with it. */
export function slotSettingCases(suite: Suite): void {
  test("a refused release takes its settings with it, and what serves survives a restart on its own", async () => {
    const { input, rehearsal } = suite();
    const before = await onHost(input, filesOfServing);
    const refused = withOtherSlotSettings(await inputFor(input, "v1.2.0-exits"));
    const { failed, asked } = await underLoad(healthOf(input), async () => {
      await runStep("configure", refused);
      await expect(runStep("stage", refused)).rejects.toMatchObject({ code: "release-not-ready" });
      await onHost(input, restartServing);
    });
    expect(failed).toEqual([]);
    expect(asked).toBeGreaterThan(20);
    expect(await onHost(input, filesOfServing)).toBe(before);
    expect(await servingRelease(rehearsal)).toBe("v1.2.0");
  });

  test("ports, command, limits and variables change with the release, and back, and no request fails", async () => {
    const { input, rehearsal } = suite();
    const there = withOtherSlotSettings(await inputFor(input, "v1.2.0-streams"));
    const way = async (to: StepInput) => {
      for (const phase of ["configure", "stage", "activate"] as const) await runStep(phase, to);
      await onHost(to, restartServing);
    };
    const { failed, byRelease } = await underLoad(healthOf(input), async () => {
      await way(there);
      await onHost(input, "until ss -ltnH | grep -qE ':801[12] '; do sleep 0.1; done");
      await way(input);
      // The port of the slot that is idle now, as the next deployment begins.
      await runStep("configure", input);
    });
    expect(failed).toEqual([]);
    expect(Object.keys(byRelease).sort()).toEqual(["v1.2.0", "v1.2.0-streams"]);
    await onHost(input, "until ss -ltnH | grep -qE ':800[12] '; do sleep 0.1; done; ! ss -ltnH | grep -E ':801[12] '");
    expect(await servingRelease(rehearsal)).toBe("v1.2.0");
  });

  test("a port that the serving slot listens on is refused before anything changes, and the remedy names another", async () => {
    const { input } = suite();
    const port = Number(
      await onHost(input, "jq .port /var/lib/prompt-library/$(basename $(readlink /srv/prompt-library/current)).json"),
    );
    const { app } = input.settings;
    const swapped = {
      ...input,
      settings: { ...input.settings, app: { ...app, backend: { ...app.backend, ports: { blue: port, green: port } } } },
    };
    await expect(runStep("preflight", swapped)).rejects.toThrow(
      new RegExp(`app\\.backend\\.ports\\.\\w+: port ${port} is taken: slot \\w+, which serves`),
    );
  });
}
