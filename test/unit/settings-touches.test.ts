import { expect, test } from "vitest";
import { settingsRows } from "../docs/settings-reference";
import { touchesOf, touchesSeen } from "../docs/settings-touches";

const ofHost = (touches: readonly string[]) => touches.filter((touch) => touch === "slot" || touch === "shared files");

/** What every setting is said to reach on a host is what is rendered otherwise once it has changed: no more and no less. */
test("every setting reaches what its row says", () => {
  const rows = settingsRows();
  expect(rows.length).toBeGreaterThan(150);
  expect(Object.fromEntries(rows.map(({ key, shown }) => [key, touchesSeen(key, shown)]))).toEqual(
    Object.fromEntries(rows.map(({ key }) => [key, ofHost(touchesOf(key))])),
  );
}, 60_000);
