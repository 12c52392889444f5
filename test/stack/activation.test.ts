import { afterAll, beforeAll, beforeEach, describe, expect } from "vitest";
import type { StepInput } from "../../infra/context/input";
import type { Rehearsal } from "../rehearsal/rehearsal";
import { brokenReleaseCases } from "./activation/broken-releases";
import { guardCases } from "./activation/guards";
import { interruptionCases } from "./activation/interruptions";
import { slotSettingCases } from "./activation/slot-settings";
import { turnCases } from "./activation/turn";
import { deploy, deployed } from "./deployed";
import { deployedInput, forgetRateLimit } from "./steps";

let rehearsal: Rehearsal;
let input: StepInput;
const suite = () => ({ rehearsal, input });

beforeAll(async () => {
  rehearsal = await deployed("v1.1.0", 1);
  expect((await deploy(rehearsal, "v1.2.0", 2)).exitCode).toBe(0);
  input = await deployedInput(rehearsal);
});

beforeEach(() => forgetRateLimit(input));

afterAll(async () => {
  // A case that killed an engine and then failed leaves the stack locked.
  await rehearsal.pulumi.capture("cancel", "--yes");
  await deployed("v1.1.0", 1);
});

describe("a broken release", () => brokenReleaseCases(suite));
describe("what guards a deployment", () => guardCases(suite));
describe("settings of a slot", () => slotSettingCases(suite));
describe("a turn of the traffic", () => turnCases(suite));
describe("an interruption", () => interruptionCases(suite));
