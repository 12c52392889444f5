import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { boxIds } from "../../infra/checklist/boxes";
import { boxResultSchema } from "../../infra/checklist/result";
import { faults } from "../boxes/faults";
import { renderBoxesReference } from "../docs/boxes-reference";

describe("each box is kept from passing by a fault", () => {
  test("none is left out", () => expect(Object.keys(faults).sort()).toEqual([...boxIds].sort()));

  test.each(boxIds.map((id) => [id, faults[id].becomes, faults[id].fault] as const))("%s is %s: %s", async (id) => {
    const { becomes, ...how } = faults[id];
    if ("run" in how) {
      const { asked: _, ...box } = { asked: [], ...(await how.run()) };
      expect(boxResultSchema.parse(box)).toMatchObject({ id, result: becomes });
    } else {
      const [file, title] = how.shownBy;
      expect(await readFile(`test/${file}.test.ts`, "utf8"), file).toContain(title);
    }
  });

  test("docs/boxes.md lists them", async () => {
    await expect(renderBoxesReference()).toMatchFileSnapshot("../../docs/boxes.md");
  });
});
