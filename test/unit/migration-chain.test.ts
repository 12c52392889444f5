import { describe, expect, test } from "vitest";
import { chainDigest } from "../../infra/database/migrations/chain";
import { readMigrations } from "../../infra/database/migrations/files";
import { chainProblems, linksOf, type MigrationFiles } from "../../infra/database/migrations/hash-chain";

const migration = (version: number, name: string, text = name): MigrationFiles => ({
  version,
  name,
  files: {
    [`000${version}_${name}.up.sql`]: Buffer.from(text),
    [`000${version}_${name}.down.sql`]: Buffer.from(`undo ${text}`),
  },
});
const three = [migration(1, "a"), migration(2, "b"), migration(3, "c")];
const chain = linksOf(three);
const problems = (migrations: MigrationFiles[], allowsNew = false): string[] =>
  chainProblems(chain, migrations, { allowsNew });

describe("the chain and the files", () => {
  test("agree when nothing has changed", () => {
    expect(problems(three)).toEqual([]);
  });
  test("a changed file is named", () => {
    expect(problems([three[0]!, migration(2, "b", "other"), three[2]!])).toEqual([
      "0002_b.down.sql was changed after it joined the chain",
      "0002_b.up.sql was changed after it joined the chain",
    ]);
  });
  test("a missing version is named", () => {
    expect(problems([three[0]!, three[2]!])).toEqual([
      "0002_b is missing: every version that was ever committed must stay",
    ]);
  });
  test("reordered versions are named", () => {
    const found = problems([three[0]!, migration(2, "c"), migration(3, "b")]);
    expect(found).toContain("0002_c is named 0002_b in the chain: reordered or renamed");
    expect(found).toContain("0003_b is named 0003_c in the chain: reordered or renamed");
  });
  test("a new version must follow the end, and joins only when asked to", () => {
    const four = [...three, migration(4, "d")];
    expect(problems(four)).toEqual(["0004_d is not in the chain yet"]);
    expect(problems(four, true)).toEqual([]);
    expect(linksOf(four).slice(0, 3)).toEqual(chain);
  });
  test("a link that was edited by hand is named", () => {
    const edited = chain.map((link) => (link.version === 2 ? { ...link, chain: "0" } : link));
    expect(chainProblems(edited, three, { allowsNew: false })).toEqual([
      "0002_b: its link was edited by hand",
      "0003_c: its link was edited by hand",
    ]);
  });
  test("a change anywhere changes every link after it", () => {
    const other = linksOf([migration(1, "a", "x"), three[1]!, three[2]!]);
    for (const [place, link] of other.entries()) expect(link.chain).not.toBe(chain[place]?.chain);
  });
});

test("the committed migrations hold, and their digest is the last link's", () => {
  const committed = readMigrations();
  expect(committed.map(({ version, name }) => [version, name])).toEqual([
    [1, "baseline"],
    [2, "dynamic_providers"],
  ]);
  expect(chainDigest()).toBe(committed.at(-1)?.chain);
});
