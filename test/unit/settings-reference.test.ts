import { expect, test } from "vitest";
import { keysWithoutExample, renderSettingsReference } from "../docs/settings-reference";

test("docs/settings.md tells of every setting as the schema has it, each with an example", async () => {
  const text = renderSettingsReference();
  expect(keysWithoutExample(text)).toEqual([]);
  await expect(text).toMatchFileSnapshot("../../docs/settings.md");
}, 60_000);
