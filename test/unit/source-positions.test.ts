import { afterEach, expect, test } from "vitest";
import { mapOnlyErrors } from "../../infra/stack/source-positions";

const before = Error.prepareStackTrace;

afterEach(() => {
  Error.prepareStackTrace = before;
});

test("the stack of what is thrown for somebody to read is mapped, that of a place only noted is as the engine of JavaScript has it", () => {
  Error.prepareStackTrace = (error, frames) => `mapped: ${error.message}, ${frames.length} frames`;
  mapOnlyErrors();
  expect(new Error("no such release").stack).toMatch(/^mapped: no such release, \d+ frames$/);
  expect(new Error().stack).toMatch(/^Error\n {4}at .*source-positions\.test\.ts:\d+:\d+/);
});

test("nothing changes where nobody maps", () => {
  delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
  mapOnlyErrors();
  expect(Error.prepareStackTrace).toBeUndefined();
});
