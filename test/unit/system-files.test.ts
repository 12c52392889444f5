import { execa } from "execa";
import { expect, test } from "vitest";
import { systemFiles, windowBegins } from "../../infra/host/commands/system-files";

test.each([
  ["any", "*-*-* 06:00 UTC"],
  [{ days: ["Sat", "Sun"], fromUtc: "22:00", toUtc: "02:00" }, "Sat,Sun *-*-* 22:00 UTC"],
] as const)("a window begins when systemd's calendar says: %j", async (window, calendar) => {
  const found = windowBegins(window as Parameters<typeof windowBegins>[0]);
  expect(found).toBe(calendar);
  expect((await execa("systemd-analyze", ["calendar", found])).stdout).toContain("Next elapse:");
});

test("Debian's own files, whole", async () => {
  const files = systemFiles("prompt-library", "any");
  const text = files.map(({ path, content }) => `== ${path}\n${content}`).join("");
  await expect(text).toMatchFileSnapshot("../golden/commands/system-files.txt");
  // What a service hears of has to be loaded by it: others take effect when they are next read.
  expect(files.filter(({ services }) => services.length > 0).map(({ services }) => services)).toEqual([
    ["sysctl"],
    ["upgrades"],
  ]);
});
