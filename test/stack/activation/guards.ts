import { expect, test } from "vitest";
import { ask, servingRelease } from "../deployed";
import { inputFor, onHost, runStep } from "../steps";
import type { Suite } from "./suite";

export function guardCases(suite: Suite): void {
  test("another encryption key is refused before anything starts, unless config confirms it; no value is shown", async () => {
    const { input } = suite();
    const key = "0123456789abcdef".repeat(4);
    const { settings } = input;
    const changed = {
      ...input,
      settings: {
        ...settings,
        secrets: { ...settings.secrets, app: { ...settings.secrets.app, ENCRYPTION_KEY: key } },
      },
    };
    const refusal = await runStep("preflight", changed).then(() => "", String);
    expect(refusal).toContain("app.continuity: ENCRYPTION_KEY is not what it is for the release that serves");
    expect(refusal).not.toContain(key);
    const confirmed = {
      ...changed,
      settings: { ...changed.settings, app: { ...settings.app, continuityChanges: ["ENCRYPTION_KEY"] } },
    };
    expect((await runStep("preflight", confirmed)).context.details.continuity).toMatchObject({
      changed: ["ENCRYPTION_KEY"],
    });
  });

  test("maintenance closes the service before the schema changes, behind it all goes on, and without it all is open again", async () => {
    const { input, rehearsal } = suite();
    const closed = { ...input, settings: { ...input.settings, maintenance: true } };
    try {
      await runStep("backup", closed);
      const [page, api] = [
        await ask(input.host.address, "/connections"),
        await ask(input.host.address, "/api/connections"),
      ];
      expect([page.status, api.status]).toEqual([503, 503]);
      expect(page.body).toContain("Closed for maintenance");
      expect(JSON.parse(api.body)).toMatchObject({ error: { code: "MAINTENANCE" } });
      await runStep("stage", closed);
      const activated = await runStep("activate", closed);
      expect(activated.context.boxes.find((box) => box.id === "WEB-1.3")?.evidence).toContain("closed for maintenance");
      expect((await ask(input.host.address, "/")).status).toBe(503);
    } finally {
      await runStep("activate", input);
    }
    expect((await ask(input.host.address, "/")).status).toBe(200);
    expect(await servingRelease(rehearsal)).toBe("v1.2.0");
  });

  test("a full disk on the host stops in stage, says so, leaves nothing behind, and is no hindrance once there is room", async () => {
    const { input, rehearsal } = suite();
    const candidate = await inputFor(input, "v1.2.0-leaky-admin");
    const releases = "/srv/prompt-library/releases";
    // A file system of its own that holds what is there and 20 MiB more: an artifact has more than 100.
    await onHost(
      input,
      `mkdir -p /mnt/full && size=$(( $(du -sm ${releases} | cut -f1) + 20 ))
mount -t tmpfs -o "size=\${size}m,mode=0755" tmpfs /mnt/full && cp -a ${releases}/. /mnt/full/ && mount --bind /mnt/full ${releases}`,
    );
    try {
      const before = await onHost(input, `ls ${releases}`);
      expect(await runStep("stage", candidate).then(() => "", String)).toMatch(
        /[Nn]o space left|the host has \d+ MiB left on its disk/,
      );
      expect(await onHost(input, `ls ${releases}`)).toBe(before);
      expect(await servingRelease(rehearsal)).toBe("v1.2.0");
    } finally {
      await onHost(input, `umount ${releases}; umount /mnt/full`);
    }
    const staged = await runStep("stage", candidate);
    expect(staged.outcome).toBe("completed");
    await runStep("stage", input);
    await runStep("activate", input);
  });
}
