import { describe, expect, test } from "vitest";
import { renderHistory } from "../../infra/cli/history";
import { isAtLevel, renderLogLine } from "../../infra/cli/log-line";
import { type PlanArgs, planDeployment, renderPlan } from "../../infra/cli/plan-text";
import type { ArchivedReport } from "../../infra/cli/report-archive";
import { resolvedSettings, settingsDifferences } from "../../infra/cli/settings-differences";
import { renderStatus, type Status, troublesOf } from "../../infra/cli/status-text";
import { backendLogCommand } from "../../infra/host/commands/backend-inspection";
import { parseSettings, type Settings } from "../../infra/settings/settings";
import { rehearsalSettings } from "./rehearsal-settings";

const settings = parseSettings(rehearsalSettings(), "rehearsal");

function changed(change: (settings: Settings) => void): Settings {
  const copy = structuredClone(settings);
  change(copy);
  return copy;
}

describe("what differs between two deployments' settings", () => {
  test("is named by path, with both values", () => {
    const after = changed((copy) => {
      copy.app.backend.variables.LOG_LEVEL = "debug";
      copy.network.sshFrom.push("192.0.2.0/24");
      delete copy.app.backend.variables.REDIS_URL;
    });
    expect(settingsDifferences(settings, after)).toEqual([
      { key: "app.backend.variables.LOG_LEVEL", before: "(not set)", after: '"debug"' },
      { key: "app.backend.variables.REDIS_URL", before: '"${redisUrl}"', after: "(not set)" },
      { key: "network.sshFrom.1", before: "(not set)", after: '"192.0.2.0/24"' },
    ]);
    expect(settingsDifferences(settings, structuredClone(settings))).toEqual([]);
  });

  test("a secret is named without either value, in a comparison and in a list", () => {
    const after = changed((copy) => {
      copy.secrets.app.JWT_SECRET = "another-secret-value";
    });
    expect(settingsDifferences(settings, after)).toEqual([
      { key: "secrets.app.JWT_SECRET", before: "(hidden)", after: "(hidden)" },
    ]);
    const listed = JSON.stringify(resolvedSettings(after));
    expect(listed).not.toContain("another-secret-value");
    expect(listed).not.toContain(after.secrets.masterPassword);
  });
});

describe("a stack's status", () => {
  const well: Status = {
    stack: "staging",
    application: "prompt-library",
    publicUrl: "https://staging.prompt-library.example",
    address: "192.0.2.1",
    serving: {
      release: "v1.2.0",
      commit: "c".repeat(40),
      schemaVersion: 2,
      slot: "green",
      since: "2026-11-26T01:02:03.000Z",
      who: "ada@desk",
    },
    slots: [
      { slot: "blue", release: "v1.1.0", backend: "inactive" },
      { slot: "green", release: "v1.2.0", backend: "active" },
    ],
    configured: { release: "v1.2.0", schemaVersion: 2, differing: [] },
    lastReport: { at: "2026-11-26T01:03:00.000Z", state: "good", headline: "v1.2.0 serves", address: "s3://b/r.html" },
    alarms: [
      { name: "cpu", state: "OK" },
      { name: "storage", state: "INSUFFICIENT_DATA" },
    ],
    lock: null,
  };

  test("is one screen of 80 columns", () => {
    expect(renderStatus(well)).toBe(`stack       staging: prompt-library at https://staging.prompt-library.example
            (192.0.2.1)
serves      v1.2.0 (cccccccccccc), schema 2, slot green
since       2026-11-26 01:02Z, deployed by ada@desk
slot blue   v1.1.0, backend inactive
slot green  v1.2.0, backend active
config      deployed as it is
report      2026-11-26 01:03Z good: v1.2.0 serves
            s3://b/r.html
alarms      storage INSUFFICIENT_DATA
lock        free
trouble     none`);
    const busy: Status = {
      ...well,
      configured: {
        ...well.configured,
        differing: Array.from({ length: 30 }, (_, index) => `a.setting.number${index}`),
      },
      alarms: Array.from({ length: 9 }, (_, index) => ({ name: `alarm-${index}`, state: "ALARM" })),
    };
    const rows = renderStatus(busy).split("\n");
    expect(rows.length).toBeLessThanOrEqual(24);
    expect(Math.max(...rows.map((row) => row.length))).toBeLessThanOrEqual(80);
  });

  test.each<[string, Partial<Status>, string[]]>([
    ["all is well", {}, []],
    ["a deployment is due, which is no trouble", { configured: { ...well.configured, differing: ["release"] } }, []],
    ["nothing serves", { serving: null }, ["nothing serves"]],
    [
      "the backend is down",
      { slots: [{ slot: "green", release: "v1.2.0", backend: "failed" }] },
      ["the backend in slot green serves and is failed"],
    ],
    [
      "the last deployment failed",
      { lastReport: { at: "", state: "failed", headline: "", address: "" } },
      ["the last deployment ended failed"],
    ],
    ["an alarm", { alarms: [{ name: "cpu", state: "ALARM" }] }, ["alarm cpu: ALARM"]],
    ["an alarm that is gone", { alarms: [{ name: "cpu", state: "missing" }] }, ["alarm cpu: missing"]],
  ])("%s", (_, change, troubles) => {
    expect(troublesOf({ ...well, ...change })).toEqual(troubles);
  });
});

test("the history tells of each deployment in two short lines, and of a report that nobody should trust", () => {
  const report: ArchivedReport = {
    at: "2026-11-26T01:03:00.000Z",
    state: "failed",
    headline: "stopped at verify: SEC-1.3",
    who: "ada@desk",
    from: "v1.1.0 at schema 1",
    to: "v1.2.0 at schema 2",
    seconds: 61,
    address: "s3://b/r.html",
  };
  const text = renderHistory([report, { ...report, state: "not to be trusted", headline: "its bytes differ" }]);
  expect(text).toBe(`2026-11-26 01:03Z  failed      v1.1.0 at schema 1 → v1.2.0 at schema 2, 61 s
  by ada@desk: stopped at verify: SEC-1.3
s3://b/r.html
  NOT TO BE TRUSTED: its bytes differ`);
  expect(renderHistory([])).toBe("No deployment has left a report yet.");
});

describe("the backends' log", () => {
  const row = (message: string, priority = "6") =>
    JSON.stringify({
      MESSAGE: message,
      PRIORITY: priority,
      _SYSTEMD_UNIT: "prompt-library-backend@green.service",
      __REALTIME_TIMESTAMP: "1795655000000000",
    });

  test.each([
    [row("all is well"), false, false],
    [row('{"level":"error","message":"boom"}'), true, true],
    [row("a slow statement"), false, true],
    [row("killed", "3"), true, true],
  ])("%s is at level error: %s, at level warning: %s", (line, isError, isWarning) => {
    const { journal } = settings.verification;
    expect(isAtLevel(line, "error", journal)).toBe(isError);
    expect(isAtLevel(line, "warning", journal)).toBe(isWarning);
  });

  test("is shown with time and slot; what is no JSON, as it is", () => {
    expect(renderLogLine(row("hello"))).toBe("2026-11-26T01:03:20.000Z green hello");
    expect(renderLogLine("-- No entries --")).toBe("-- No entries --");
  });

  test("is asked for by one command line, whatever the time is called", () => {
    expect(backendLogCommand("app", { since: "10 min ago; reboot", lines: 5, follow: true })).toBe(
      "sudo journalctl -u 'app-backend@*' -o json --no-pager -n 5 --output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT --since '10 min ago; reboot' -f",
    );
  });
});

describe("the plan of a deployment", () => {
  const args: PlanArgs = {
    stack: "staging",
    from: { release: "v1.1.0", schemaVersion: 1 },
    isAsked: true,
    to: { release: "v1.2.0", schemaVersion: 2, commit: "c".repeat(40) },
    settings,
    lastCommit: "a".repeat(40),
    differences: [{ key: "app.backend.variables.LOG_LEVEL", before: '"info"', after: '"a|b"' }],
    hasNewMigrations: false,
    migrations: [
      { version: 1, name: "0001_baseline" },
      { version: 2, name: "0002_dynamic_providers" },
    ],
    changedFiles: ["/etc/nginx/sites-available/default"],
  };
  const does = (changes: Partial<PlanArgs>) =>
    Object.fromEntries(planDeployment({ ...args, ...changes }).phases.map(({ phase, does: text }) => [phase, text]));

  test("going up: a proven snapshot, the migrations by name, the environment that changes, the rollback", () => {
    const plan = planDeployment(args);
    expect(plan).toMatchObject({ isDue: true, refusals: [], rollback: expect.stringMatching(/v1\.1\.0/) as string });
    expect(does({})).toMatchObject({
      backup: expect.stringContaining("restores it beside the database and proves it") as string,
      schemaUp: expect.stringMatching(/^runs `0002_dynamic_providers`;/) as string,
      configure: expect.stringContaining("`/etc/nginx/sites-available/default`") as string,
      stage: expect.stringMatching(/starts v1\.2\.0 .* its environment changes/) as string,
      schemaDown: "nothing to do",
    });
    const text = renderPlan(plan);
    expect(text).toContain("**v1.1.0** at schema 1 → **v1.2.0** at schema 2 (`cccccccccccc`).");
    expect(text).toContain('| `app.backend.variables.LOG_LEVEL` | `"info"` | `"a\\|b"` |');
  });

  test("going back: the schema comes down after the older release serves", () => {
    const back = {
      from: { release: "v1.2.0", schemaVersion: 2 },
      to: { ...args.to, release: "v1.1.0", schemaVersion: 1 },
    };
    expect(does(back)).toMatchObject({
      schemaUp: "nothing to do",
      schemaDown: expect.stringMatching(/^takes back `0002_dynamic_providers` once v1\.1\.0 serves/) as string,
    });
  });

  test("application only: no snapshot, no migration", () => {
    const back = { from: { release: "v1.2.0", schemaVersion: 2 }, to: { ...args.to, release: "v1.1.0" } };
    expect(does(back)).toMatchObject({
      backup: "nothing to do: the schema does not change",
      schemaUp: "nothing to do",
      schemaDown: "nothing to do",
    });
  });

  test("a pair that nobody declared is refused in the plan already", () => {
    const plan = planDeployment({ ...args, to: { ...args.to, schemaVersion: 1 } });
    expect(plan.refusals).toHaveLength(1);
    expect(renderPlan(plan)).toContain("**This deployment would be refused:**");
  });

  test("nothing new: no phase runs", () => {
    const same = planDeployment({
      ...args,
      from: { release: "v1.2.0", schemaVersion: 2 },
      lastCommit: args.to.commit,
      differences: [],
    });
    expect(same.isDue).toBe(false);
    expect(renderPlan(same)).toContain("No phase runs: nothing has changed since the last deployment.");
  });

  test("a first deployment, and a host that was not reached, are said", () => {
    expect(renderPlan(planDeployment({ ...args, from: null, changedFiles: undefined }))).toContain(
      "First deployment: **v1.2.0**",
    );
    expect(renderPlan(planDeployment({ ...args, isAsked: false }))).toContain("the host was not reached");
  });
});
