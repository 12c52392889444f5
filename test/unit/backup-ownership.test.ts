import { expect, test } from "vitest";
import { isOwn, madeBy, type StackOwner, tagList, tagsOf } from "../../infra/database/backup/ownership";

const owner: StackOwner = { application: "prompt-library", stack: "production", database: "db-ONE" };

test("what an owner tags is its own, with whatever else it is tagged", () => {
  const tags = tagsOf(tagList(owner, { purpose: "backup-proof", release: "" }));
  expect(tags).toEqual({ "made-by": madeBy, ...owner, purpose: "backup-proof" });
  expect(isOwn(tags, owner)).toBe(true);
});

test.each([{ application: "other-library" }, { stack: "staging" }, { database: "db-TWO" }])(
  "nothing of an owner with another %o is",
  (other) => expect(isOwn(tagsOf(tagList({ ...owner, ...other }, {})), owner)).toBe(false),
);

test.each(["made-by", "application", "stack", "database"])(
  "nothing without %s is, such as a person's own",
  (missing) => {
    const { [missing]: _gone, ...tags } = tagsOf(tagList(owner, {}));
    expect(isOwn(tags, owner)).toBe(false);
  },
);
