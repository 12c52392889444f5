import { expect, test } from "vitest";
import type { HostState, SlotContent } from "../../infra/context/host-state";
import { portProblems, slotPorts } from "../../infra/phases/slots/slots";
import { parseSettings } from "../../infra/settings/settings";
import { rehearsalSettings } from "./rehearsal-settings";

const settings = parseSettings(rehearsalSettings(), "rehearsal");
const { ports } = settings.app.backend;

function servingOn(port: number): HostState {
  const content = { slot: "blue", port } as SlotContent;
  return { serving: "blue", staged: content, slots: { blue: content, green: null } };
}

test("what serves keeps the port that it was started with, and the next release has the configured one", () => {
  expect(slotPorts(settings, servingOn(8011))).toEqual({ blue: 8011, green: ports.green });
  expect(portProblems(settings, servingOn(8011))).toEqual([]);
});

test("a port that the serving slot was started with is refused for the next release", () => {
  expect(portProblems(settings, servingOn(ports.green))).toEqual([
    expect.stringContaining(`app.backend.ports.green: port ${ports.green} is taken: slot blue, which serves`),
  ]);
});

test("where nothing serves, no port is taken", () => {
  const nothing: HostState = { serving: null, staged: null, slots: { blue: null, green: null } };
  expect(portProblems(settings, nothing)).toEqual([]);
  expect(slotPorts(settings, nothing)).toEqual(ports);
});
