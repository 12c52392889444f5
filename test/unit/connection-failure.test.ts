import pg from "pg";
import { describe, expect, test } from "vitest";
import { explainConnection } from "../../infra/context/connection-failure";

const login = { address: "db.example", database: "prompt_library", user: "prompt_library_owner" };

/** As PostgreSQL sends it. */
function refusal(code: string, message: string): Error {
  return Object.assign(new pg.DatabaseError(message, message.length, "error"), { code });
}

describe("a refused connection says what the server objects to", () => {
  test.each([
    [
      "28P01",
      'password authentication failed for user "x"',
      "login-refused",
      /rejected the password of prompt_library_owner/,
      /--path secrets\.ownerPassword/,
    ],
    [
      "28000",
      'no pg_hba.conf entry for host "10.0.0.4"',
      "login-refused",
      /does not let prompt_library_owner log in/,
      /pg_hba\.conf/,
    ],
    [
      "28000",
      'role "x" is not permitted to log in',
      "login-refused",
      /does not let prompt_library_owner log in/,
      /pulumi refresh --run-program --skip-preview, then pulumi up/,
    ],
    [
      "3D000",
      'database "prompt_library" does not exist',
      "database-missing",
      /no database prompt_library on db\.example/,
      /database\.name/,
    ],
    [
      "42501",
      'permission denied for database "prompt_library"',
      "login-refused",
      /lacks the privilege to connect/,
      /GRANT CONNECT ON DATABASE "prompt_library" TO "prompt_library_owner"/,
    ],
    ["53300", "sorry, too many clients already", "database-unreachable", /has no free connection/, /pg_stat_activity/],
    [
      "57P03",
      "the database system is starting up",
      "database-unreachable",
      /accepts no connections yet/,
      /wait until it is available/,
    ],
    [
      "ECONNREFUSED",
      "connect ECONNREFUSED",
      "database-unreachable",
      /^connecting to the database db\.example failed/,
      /check that the database is running/,
    ],
  ])("%s: %s", (state, message, code, what, remedy) => {
    const failure = explainConnection(login, refusal(state, message));
    expect(failure).toMatchObject({
      code,
      message: expect.stringMatching(what),
      remedy: expect.stringMatching(remedy),
    });
    expect(failure.message).toMatch(new RegExp(`: ${message.replace(/[.]/g, "\\.")}$`));
    if (state !== "28P01") expect(`${failure.message} ${failure.remedy}`).not.toMatch(/password(?! auth)/);
  });

  test("a password is looked for under the secret of its role", () => {
    const of = (user: string) => explainConnection({ ...login, user }, refusal("28P01", "no")).remedy;
    expect(of("prompt_library_readonly")).toContain("secrets.readonlyPassword");
    expect(of("deployment_master")).toContain("secrets.masterPassword");
  });

  test("what does not depend on the role is one finding for all of them", () => {
    for (const state of ["3D000", "53300", "57P03", "ECONNREFUSED"])
      expect(explainConnection(login, refusal(state, "no")).message).toBe(
        explainConnection({ ...login, user: "prompt_library_app" }, refusal(state, "no")).message,
      );
  });
});
