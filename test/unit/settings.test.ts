import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { dailyWindow, weeklyWindow } from "../../infra/settings/database-windows";
import { regionRoots } from "../../infra/settings/region-roots";
import { parseSettings, SettingsError } from "../../infra/settings/settings";
import { made, type Raw, rehearsalSettings as rehearsal, stackFile } from "./rehearsal-settings";

function problemsOf(raw: unknown, stack = "rehearsal"): readonly string[] {
  try {
    parseSettings(raw, stack);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

describe("a stack's settings", () => {
  test("the rehearsal's are right", () => {
    expect(problemsOf(rehearsal())).toEqual([]);
  });

  test.each(["staging", "production"])("those of %s name every placeholder that is not filled in", (stack) => {
    const { "aws:region": _region, ...own } = stackFile(stack);
    const problems = problemsOf({ ...own, ...made });
    expect(problems).toHaveLength(18);
    for (const problem of problems)
      expect(problem).toMatch(
        /^prompt-library:contacts\..* must be filled in \(it is ".*"\)\. Remedy: pulumi config set/,
      );
  });

  test("all that is wrong is said at once, each with key, rule, value and remedy", () => {
    const problems = problemsOf(
      rehearsal({
        schemaVersion: 0,
        colour: "red",
        network: { ...(stackFile("rehearsal").network as Raw), cidrBlock: "10.0.0.0/8" },
        release: undefined,
      }),
    );
    expect(problems).toHaveLength(4);
    expect(problems.join("\n")).toContain(
      "prompt-library:release is missing. Remedy: pulumi config set --path 'release' VALUE",
    );
    expect(problems.join("\n")).toContain(
      'prompt-library:network.cidrBlock must be a /16 such as 10.20.0.0/16 (it is "10.0.0.0/8")',
    );
    expect(problems.join("\n")).toContain("prompt-library:colour is not a setting of this program");
  });

  test("a group that is missing is named by each key that it needs", () => {
    expect(problemsOf(rehearsal({ target: undefined, network: undefined }))).toEqual([
      "prompt-library:target.account is missing. Remedy: pulumi config set --path --type string 'target.account' VALUE",
      "prompt-library:target.region is missing. Remedy: pulumi config set --path --type string 'target.region' VALUE",
      "prompt-library:network.cidrBlock is missing. Remedy: pulumi config set --path --type string 'network.cidrBlock' VALUE",
      "prompt-library:network.publicName is missing. Remedy: pulumi config set --path --type string 'network.publicName' VALUE",
      "prompt-library:network.sshFrom is missing. Remedy: pulumi config set --path --type string 'network.sshFrom[0]' VALUE",
    ]);
  });

  test("the remedy of a text that looks like a number makes it a text", () => {
    const database = { ...(stackFile("rehearsal").database as Raw), engineVersion: 15 };
    expect(problemsOf(rehearsal({ database }))).toEqual([
      expect.stringContaining("Remedy: pulumi config set --path --type string 'database.engineVersion' 15"),
    ]);
  });

  test("the remedy of a key with dots is a path that Pulumi reads", () => {
    const app = { ...(stackFile("rehearsal").app as Raw), compatibility: { "v1.1*": ["one"] } };
    expect(problemsOf(rehearsal({ app }))).toEqual([
      expect.stringContaining(`Remedy: pulumi config set --path 'app.compatibility["v1.1*"][0]' VALUE`),
    ]);
  });

  test.each([
    ["999.999.999.999/99", "must be an IPv4 range"],
    ["10.0.0.0", "must be an IPv4 range"],
    ["192.0.2.1/24", "must start at the first address of its range"],
    ["10.20.128.0/15", "must start at the first address of its range"],
    ["192.0.2.1/32", undefined],
    ["0.0.0.0/0", undefined],
    ["10.128.0.0/9", undefined],
  ])("SSH may come from %s or not", (range, message) => {
    const network = { ...(stackFile("rehearsal").network as Raw), sshFrom: [range] };
    expect(problemsOf(rehearsal({ network }))).toEqual(
      message === undefined ? [] : [expect.stringContaining(`network.sshFrom[0] ${message}`)],
    );
  });

  test.each([
    ["t4g.medium", "must be of an x86-64 family"],
    ["m7gd.large", "must be of an x86-64 family"],
    ["im4gn.xlarge", "must be of an x86-64 family"],
    ["a1.large", "must be of an x86-64 family"],
    ["medium", "must be an EC2 instance type"],
    ["t3.medium", undefined],
    ["m7i-flex.large", undefined],
    ["g4dn.xlarge", undefined],
    ["c6in.8xlarge", undefined],
  ])("the host may be a %s or not", (instanceType, message) => {
    const host = { ...(stackFile("rehearsal").host as Raw), instanceType };
    expect(problemsOf(rehearsal({ host }))).toEqual(
      message === undefined ? [] : [expect.stringContaining(`host.instanceType ${message}`)],
    );
  });

  const appWith = (changes: Raw) => rehearsal({ app: { ...(stackFile("rehearsal").app as Raw), ...changes } });
  const databaseWith = (changes: Raw) =>
    rehearsal({ database: { ...(stackFile("rehearsal").database as Raw), ...changes } });

  test.each([
    [
      "app.backend.ports.blue",
      appWith({ backend: { ports: { blue: 8000, green: 8002 } } }),
      "must not be one that another program on the host uses",
    ],
    [
      "app.backend.ports.green",
      appWith({ backend: { ports: { blue: 8001, green: 6432 } } }),
      "must not be one that another program on the host uses",
    ],
    [
      "app.backend.ports.blue",
      appWith({ backend: { ports: { blue: 8101, green: 8002 } } }),
      "must not be one that another program on the host uses",
    ],
    ["app.backend.command", appWith({ backend: { command: "node a.js\nExecStartPre=/bin/true" } }), "must be one line"],
    ["app.name", appWith({ name: "www-data" }), "must not be a user that already exists on the host"],
    ["app.name", appWith({ name: "admin" }), "must not be a user that already exists on the host"],
    ["app.sharedDirectories[0]", appWith({ sharedDirectories: ["."] }), "must name a directory inside the repository"],
    ["app.sharedDirectories[0]", appWith({ sharedDirectories: ["a/./b"] }), "must name a directory inside"],
    [
      "database.name",
      databaseWith({ name: "pgbouncer" }),
      "must not be a name that PostgreSQL, RDS or PgBouncer reserves",
    ],
    [
      "database.name",
      databaseWith({ name: "template1" }),
      "must not be a name that PostgreSQL, RDS or PgBouncer reserves",
    ],
    ["database.instanceClass", databaseWith({ instanceClass: "db.t4g" }), "must be an RDS instance class"],
  ])("%s that cannot work is refused at once: %#", (key, raw, message) => {
    expect(problemsOf(raw)).toEqual([expect.stringContaining(`${key} ${message}`)]);
  });

  test.each(["Todor Todorov", "Mara Fill in de Castro", "Mastodon GmbH", "ops [24/7] desk"])(
    "%s is a name and no placeholder",
    (name) => {
      const signOffs = [{ box: "POST-2.3", by: name, on: "2026-11-23" }];
      expect(problemsOf(rehearsal({ signOffs }))).toEqual([]);
    },
  );
  test.each(["todo", "TODO: ask", "Fill in the lead", "[Name]", "tbd", "<name>"])("%s is a placeholder", (by) => {
    expect(problemsOf(rehearsal({ signOffs: [{ box: "POST-2.3", by, on: "2026-11-23" }] }))).toEqual([
      expect.stringContaining("signOffs[0].by must be filled in"),
    ]);
  });

  test("the remedy of a secret that is there and wrong does not name what leaves it alone", () => {
    const secrets = { ...(made.secrets as Raw), appPassword: "short", sshPrivateKey: "none" };
    const [password, key] = problemsOf(
      rehearsal({ secrets, keys: { ...(made.keys as Raw), report: undefined } }),
    ).filter((row) => row.includes("secrets."));
    expect(password).toContain("Remedy: pulumi config set --secret --path 'secrets.appPassword'");
    expect(key).toContain("Remedy: pulumi config rm --path 'secrets.sshPrivateKey', then npm run init");
  });

  test("a secret's value is never shown", () => {
    const [problem] = problemsOf(
      rehearsal({ secrets: { ...(made.secrets as Raw), appPassword: "has a space in it!" } }),
    );
    expect(problem).toContain("prompt-library:secrets.appPassword must consist of letters");
    expect(problem).not.toContain("has a space");
  });

  test.each([
    ["--upload-pack=touch here", "and not begin with a hyphen"],
    ["https://ada:canary@git.example.com/app.git", "must not contain a password"],
  ])("the repository %s is refused, and no password is shown", (repository, rule) => {
    const [problem, ...others] = problemsOf(rehearsal({ app: { ...(stackFile("rehearsal").app as Raw), repository } }));
    expect(problem).toContain("prompt-library:app.repository");
    expect(problem).toContain(rule);
    expect(problem).not.toContain("canary");
    expect(others).toEqual([]);
  });

  test("a pair of release and schema that nobody declared is refused", () => {
    expect(problemsOf(rehearsal({ release: "v1.2.0", schemaVersion: 1 }))).toEqual([
      expect.stringContaining("schemaVersion must be one that v1.2.0 supports: 2 (it is 1)"),
    ]);
    expect(problemsOf(rehearsal({ release: "v9" }))).toEqual([
      expect.stringContaining("app.compatibility does not list release v9"),
    ]);
  });

  test("only what a person alone can know may be signed off, and by a name", () => {
    expect(problemsOf(rehearsal({ signOffs: [{ box: "POST-2.3", by: "Mara", on: "2026-11-23" }] }))).toEqual([]);
    const [box, by, on] = problemsOf(rehearsal({ signOffs: [{ box: "SEC-1.2", by: "[Name]", on: "yesterday" }] }));
    expect(box).toContain(
      'signOffs[0].box must be a box that only a person can confirm: RBK-0.5, POST-2.2, POST-2.3, POST-2.4 (it is "SEC-1.2")',
    );
    expect(by).toContain("signOffs[0].by must be filled in");
    expect(on).toContain("signOffs[0].on");
  });

  test.each([
    ["network", { maxBodyMiB: 0 }, "network.maxBodyMiB"],
    ["network", { frameAncestors: ["portal.example"] }, "must be 'self', 'none' or an origin"],
    ["app", { routes: { prefixes: ["api"] } }, "must be a path such as /api/ or /graphql"],
    ["app", { routes: { prefixes: ["/api/", "/api/"] } }, "must not be listed twice"],
    ["app", { routes: { prefixes: ["/a;}"] } }, "must be a path such as /api/ or /graphql"],
    ["app", { frontend: { hashedFiles: "(" } }, "must be a regular expression without spaces"],
  ])("what nginx could not be told is refused: %s %j", (part, change, problem) => {
    const problems = problemsOf(rehearsal({ [part]: { ...(stackFile("rehearsal")[part] as Raw), ...change } }));
    expect(problems).toEqual([expect.stringContaining(problem)]);
  });

  test.each(["docs/a.md", "release:docs/a.md", "https://wiki.example/a"])("a document may be at %s", (api) => {
    expect(problemsOf(rehearsal({ documents: { api } }))).toEqual([]);
  });

  test.each(["/etc/passwd", "../a.md", "release:../a.md", "http://wiki.example/a", ""])(
    "a document may not be at %j",
    (api) => {
      expect(problemsOf(rehearsal({ documents: { api } }))).toEqual([
        expect.stringContaining("documents.api must be a file of this program"),
      ]);
    },
  );

  test("a variable whose secret is missing is named", () => {
    expect(problemsOf(rehearsal({ secrets: { ...(made.secrets as Raw), app: { JWT_SECRET: "x" } } }))).toEqual([
      expect.stringContaining("secrets.app.ENCRYPTION_KEY is required by app.backend.variables.ENCRYPTION_KEY"),
    ]);
  });
});

describe("the names that Amazon must accept", () => {
  const longest = "s".repeat(38 - "prompt-library-".length);

  test.each(["mine", "production-2", longest])("a stack may be called %s", (stack) => {
    expect(problemsOf(rehearsal(), stack)).toEqual([]);
  });

  test.each([
    ["My_Stack", "My_Stack", "pulumi stack rename --stack My_Stack my-stack"],
    ["two--hyphens", "two--hyphens", "pulumi stack rename --stack two--hyphens two-hyphens"],
    ["ends-", "ends-", "pulumi stack rename --stack ends- ends"],
    ["release.1", "release.1", "pulumi stack rename --stack release.1 release-1"],
  ])("%s is refused, with one that is not", (stack, shown, remedy) => {
    const [problem, ...others] = problemsOf(rehearsal(), stack);
    expect(others).toEqual([]);
    expect(problem).toContain(`the stack's name must be lower-case letters, digits and single hyphens between them`);
    expect(problem).toContain(`(it is "${shown}"). Remedy: ${remedy}`);
  });

  test("one that is too long beside the application's is refused, and says by how much", () => {
    expect(problemsOf(rehearsal(), `${longest}s`)).toEqual([
      expect.stringMatching(
        /^the name prompt-library-s+ has 39 characters; .* at most 38 .* Remedy: pulumi stack rename --stack s+ /,
      ),
    ]);
  });

  test.each(["a--b", "ends-"])("an application may not be called %s", (name) => {
    expect(problemsOf(rehearsal({ app: { ...(stackFile("rehearsal").app as Raw), name } }))).toEqual([
      expect.stringContaining("prompt-library:app.name must be lower-case letters, digits and single hyphens"),
    ]);
  });
});

describe("who signs the database's certificate", () => {
  const inRegion = (region: string, certificateAuthority = "amazon"): Raw =>
    rehearsal({
      target: { account: "123456789012", region },
      database: { ...(stackFile("rehearsal").database as Raw), certificateAuthority },
    });

  test("is known of a region, and of that region alone", () => {
    expect(problemsOf(inRegion("eu-central-1"))).toEqual([]);
    const names = (region: string) =>
      regionRoots(region).map((pem) => new X509Certificate(pem).subject.match(/^CN=(.*)$/m)?.[1]);
    expect(names("eu-central-1").sort()).toEqual([
      "Amazon RDS eu-central-1 Root CA ECC384 G1",
      "Amazon RDS eu-central-1 Root CA RSA2048 G1",
      "Amazon RDS eu-central-1 Root CA RSA4096 G1",
    ]);
    // Amazon's previews and beta have roots of their own, and af-south-1 one that ended in 2024.
    for (const region of ["us-east-1", "us-east-2", "af-south-1"]) expect(names(region)).toHaveLength(3);
    expect(regionRoots("eu-central-1").join("\n").length).toBeLessThan(6_000);
  });

  test.each(["il-central-1", "eu-centrall-1"])(
    "is not known of %s, which is refused unless a file says it",
    (region) => {
      expect(problemsOf(inRegion(region))).toEqual([
        expect.stringContaining(
          `prompt-library:database.certificateAuthority has no certificate authorities for the region ${region} (it is "amazon"). Remedy: `,
        ),
      ]);
      expect(problemsOf(inRegion(region, "region-bundle.pem"))).toEqual([]);
    },
  );
});

test("the rehearsal's file differs from staging's only where it must", () => {
  const leaves = (value: unknown, path = ""): [string, unknown][] =>
    typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === "" ? key : `${path}.${key}`))
      : [[path, value]];
  const staging = new Map(leaves(stackFile("staging")));
  const rehearsed = new Map(leaves(stackFile("rehearsal")));
  const differing = [...new Set([...staging.keys(), ...rehearsed.keys()])].filter(
    (key) => staging.get(key) !== rehearsed.get(key),
  );
  expect(differing.filter((key) => !key.startsWith("contacts.")).sort()).toEqual([
    "app.backend.moreVariables.PROVIDER_ENDPOINT_OVERRIDE",
    "app.repository",
    "aws:region",
    "database.certificateAuthority",
    "network.certificateAuthority",
    "network.publicName",
    "network.sshFrom.0",
    "preflight.externalApis.0.certificateAuthority",
    "preflight.externalApis.0.host",
    "preflight.externalApis.1.host",
    "preflight.externalApis.2.host",
    "preflight.externalApis.3.host",
    "preflight.releaseBranches.0",
    "preflight.releaseBranches.1",
    "protection",
    "target.account",
    "target.region",
  ]);
});

describe("backups and files", () => {
  const app = (changes: Raw): Raw => rehearsal({ app: { ...(stackFile("rehearsal").app as Raw), ...changes } });

  test("a backup that nobody proves needs a reason", () => {
    expect(problemsOf(rehearsal({ backup: { proof: "none" } }))).toEqual([
      expect.stringContaining("prompt-library:backup.reason must say who decided on proof: none, and why"),
    ]);
    expect(problemsOf(rehearsal({ backup: { proof: "none", reason: "the lead: nothing in it yet" } }))).toEqual([]);
  });

  test.each([
    [["interface/backend/data", "interface/backend/config"], undefined],
    [["/var/data"], "without a leading /"],
    [["interface/../data"], "without a leading / or a .. part"],
    [["interface/data/"], "must not end with a /"],
    [["interface/data", "interface/data/deep"], "must not be inside one another"],
    [["interface/data", "interface/data"], "must not be listed twice"],
  ])("shared directories %j", (sharedDirectories, problem) => {
    expect(problemsOf(app({ sharedDirectories }))).toEqual(
      problem === undefined ? [] : [expect.stringContaining(problem)],
    );
  });

  test("two copies may run at once unless the config says otherwise", () => {
    expect(parseSettings(app({ sharedDirectories: undefined }), "rehearsal").app).toMatchObject({
      sharedDirectories: [],
      overlap: true,
    });
  });
});

describe("who migrates", () => {
  const database = (changes: Raw): Raw =>
    rehearsal({
      release: "v1.2.0",
      schemaVersion: 2,
      database: { ...(stackFile("rehearsal").database as Raw), ...changes },
    });

  test("this program, unless the config says otherwise", () => {
    expect(parseSettings(database({}), "rehearsal").database).toMatchObject({
      migrations: "program",
      applicationJournal: {},
      providerBecomes: {},
    });
  });

  test("both only with what the application's own journal must hear", () => {
    expect(problemsOf(database({ migrations: "both" }))).toEqual([
      expect.stringContaining(
        'prompt-library:database.applicationJournal["2"].up is required by database.migrations: both',
      ),
    ]);
    expect(problemsOf(database({ migrations: "both", applicationJournal: { "2": { up: ["SELECT 1"] } } }))).toEqual([]);
    expect(problemsOf(database({ migrations: "both", applicationJournal: { two: { up: ["SELECT 1"] } } }))).not.toEqual(
      [],
    );
    expect(problemsOf(database({ migrations: "application" }))).toEqual([]);
  });
});

describe("what the database does by itself", () => {
  const night = { days: ["Tue", "Thu"], fromUtc: "02:00", toUtc: "05:00" };
  const windows = (changes: { deployments?: unknown; database?: Raw; scheduledAtUtc?: string }): Raw =>
    rehearsal({
      maintenanceWindow: changes.deployments ?? night,
      database: { ...(stackFile("rehearsal").database as Raw), ...changes.database },
      backup: changes.scheduledAtUtc === undefined ? {} : { scheduledAtUtc: changes.scheduledAtUtc },
    });

  test("is away from deployments by itself, as long as those are at night", () => {
    expect(problemsOf(windows({}))).toEqual([]);
    expect(problemsOf(windows({ deployments: "any" }))).toEqual([]);
  });

  test.each([
    [
      "AWS Backup in it",
      { scheduledAtUtc: "04:30" },
      "backup.scheduledAtUtc must be two hours before or outside of maintenanceWindow",
    ],
    [
      "AWS Backup before it",
      { scheduledAtUtc: "00:30" },
      "backup.scheduledAtUtc must be two hours before or outside of",
    ],
    [
      "RDS's own backup in it, past midnight",
      {
        deployments: { days: ["Sat"], fromUtc: "22:00", toUtc: "02:00" },
        database: { backupWindow: { fromUtc: "23:45", toUtc: "00:15" } },
      },
      'database.backupWindow must be outside of maintenanceWindow (it is {"fromUtc":"23:45","toUtc":"00:15"})',
    ],
    [
      "RDS's upkeep in it, on Sunday morning after Saturday's evening",
      {
        deployments: { days: ["Sat"], fromUtc: "22:00", toUtc: "02:00" },
        database: {
          upkeepWindow: { day: "Sun", fromUtc: "01:30", toUtc: "02:30" },
          backupWindow: { fromUtc: "12:00", toUtc: "12:30" },
        },
      },
      "database.upkeepWindow must be outside of maintenanceWindow",
    ],
    [
      "RDS's backup and upkeep at once",
      {
        database: {
          upkeepWindow: { day: "Sat", fromUtc: "23:50", toUtc: "00:20" },
          backupWindow: { fromUtc: "00:10", toUtc: "00:40" },
        },
      },
      "database.backupWindow must be outside of database.upkeepWindow",
    ],
    [
      "AWS Backup less than an hour before RDS's upkeep may begin",
      { database: { upkeepWindow: { day: "Sun", fromUtc: "07:30", toUtc: "08:00" } } },
      "backup.scheduledAtUtc must be two hours before or outside of database.upkeepWindow",
    ],
  ])("is refused: %s, with a time that is free", (_what, changes, expected) => {
    const problems = problemsOf(windows(changes));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
    // What the remedy sets is right.
    const set = [...(problems[0] ?? "").matchAll(/--path (\S+) (\d\d:\d\d)/g)];
    expect(set).not.toEqual([]);
    const raw = structuredClone(windows(changes)) as { [group: string]: { [key: string]: unknown } };
    for (const [, path = "", value] of set) {
      const [group = "", key = "", end] = path.split(".");
      if (end === undefined) Object.assign(raw[group] ?? {}, { [key]: value });
      else
        Object.assign(raw[group] ?? {}, { [key]: { ...defaults[key], ...(raw[group]?.[key] as Raw), [end]: value } });
    }
    expect(problemsOf(raw)).toEqual([]);
  });
  const defaults: Record<string, Raw> = { upkeepWindow: { day: "Sun" } };

  test("a week in which nothing is free is said to be one", () => {
    const days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const always = { days, fromUtc: "00:00", toUtc: "00:00" };
    for (const problem of problemsOf(windows({ deployments: always })))
      expect(problem).toContain("shorten maintenanceWindow");
  });

  test.each([
    [{ backupWindow: { fromUtc: "10:00", toUtc: "10:29" } }, "database.backupWindow must be at least 30 minutes long"],
    [
      { storageGiB: 100, maxStorageGiB: 109 },
      "database.maxStorageGiB must be at least 10 % above database.storageGiB, which is 100 (it is 109). Remedy: pulumi config set --path database.maxStorageGiB 110",
    ],
  ])("RDS's own rules: %j", (database, expected) => {
    expect(problemsOf(windows({ database }))).toEqual([expect.stringContaining(expected)]);
  });

  test("is said as RDS reads it", () => {
    expect(weeklyWindow({ day: "Sat", fromUtc: "23:45", toUtc: "00:15" })).toBe("sat:23:45-sun:00:15");
    expect(weeklyWindow({ day: "Sun", fromUtc: "04:30", toUtc: "05:00" })).toBe("sun:04:30-sun:05:00");
    expect(dailyWindow({ fromUtc: "00:30", toUtc: "01:00" })).toBe("00:30-01:00");
  });
});
