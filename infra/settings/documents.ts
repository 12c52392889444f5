import { z } from "zod";

/** `docs/…` beside this program, `release:…` in the application's repository at the release's commit, or a link. */
const place = z
  .string()
  .refine(
    (text) =>
      /^https:\/\/\S+$/.test(text) || (/^(release:)?[\w.][^\s:]*$/.test(text) && !text.split(/[:/]/).includes("..")),
    {
      message:
        "must be a file of this program (docs/NAME.md), a file of the release (release:docs/NAME.md) or a link (https://…)",
    },
  );

/** Where each of the checklist's documents is; looked up at the end of a deployment. */
export const documentSettings = z.strictObject({
  api: place.default("release:docs/api.md"),
  userGuide: place.default("release:docs/user-guide.md"),
  adminGuide: place.default("release:docs/admin-guide.md"),
  troubleshooting: place.default("docs/runbooks/troubleshooting.md"),
  runbooks: z
    .array(place)
    .min(1)
    .default([
      "docs/runbooks/deployment-stopped.md",
      "docs/runbooks/killed-run.md",
      "docs/runbooks/rollback.md",
      "docs/runbooks/restore.md",
      "docs/runbooks/alarms.md",
    ]),
  backup: place.default("docs/backup-requirements.md"),
});
