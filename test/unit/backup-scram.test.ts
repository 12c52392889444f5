import { expect, test } from "vitest";
import { scramVerifier } from "../../infra/database/scram";
import { restoreFilesScript } from "../../infra/host/commands/shared-files";
import { databaseIdentifier } from "../../infra/stack/database";

test("a verifier is what PostgreSQL 15 itself made of the same password and salt", () => {
  expect(scramVerifier("pencil", Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"))).toBe(
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  );
});

test("the restored instance has a name of its own each time", () => {
  expect(
    [undefined, { number: 1 }, { number: 2 }].map((from) => databaseIdentifier("prompt-library-production", from)),
  ).toEqual(["prompt-library-production", "prompt-library-production-r1", "prompt-library-production-r2"]);
});

test("files come back whole, and what came since goes", () => {
  expect(restoreFilesScript("/run/copy", "/srv/prompt-library/shared")).toBe(
    "rsync --archive --hard-links --acls --xattrs --delete --exclude=/lost+found /run/copy/ /srv/prompt-library/shared/\n",
  );
});
