import type { BoxId } from "../../../infra/checklist/boxes";
import type { SlotContent } from "../../../infra/context/host-state";
import { lookFromOutside } from "../../../infra/phases/activate/bake";
import { rollbackProof } from "../../../infra/phases/activate/rollback";
import { configure } from "../../../infra/phases/configure/configure";
import { knownReleases } from "../../../infra/release/history/ledger";
import { assembleReport } from "../../../infra/report/report";
import { goodRecords, header } from "../../golden/records";
import type { Fault } from "../fault";
import { computedWith, contextIn, leftBy, proving, unspoken } from "../phase";

/** configure, on a host that answers so. */
const configured = async (id: BoxId, host: Readonly<Record<string, string>>) =>
  leftBy(
    id,
    await contextIn("configure", {
      host: { "reading the host's state": '{"current":"none","staged":null,"blue":null,"green":null}', ...host },
    }),
    configure,
  );

/** A run in which stage placed the release, and activation stopped before it started it. */
function neverStarted(id: BoxId) {
  const records = goodRecords()
    .filter(({ phase }) => ["preflight", "backup", "schemaUp", "configure", "stage"].includes(phase))
    .map((record) => ({
      ...record,
      boxes: record.boxes.map((box) =>
        box.id === id
          ? {
              ...box,
              result: "not yet" as const,
              evidence: "",
              reason: "activation starts it: two copies must not run",
            }
          : box,
      ),
    }));
  const box = assembleReport(header, records, []).boxes.find((one) => one.id === id);
  if (box === undefined) throw new Error(`the report has no ${id}`);
  return box;
}

export const deploymentFaults = {
  "APP-1.1": {
    fault: "the run stops before stage",
    becomes: "not yet",
    run: () => unspoken("APP-1.1"),
  },
  "APP-2.1": {
    fault: "two copies must not run, and the run stops before activation starts the new one",
    becomes: "not yet",
    run: () => neverStarted("APP-2.1"),
  },
  "WEB-1.1": {
    fault: "the run stops before stage",
    becomes: "not yet",
    run: () => unspoken("WEB-1.1"),
  },
  "WEB-1.2": {
    fault: "PgBouncer is not active",
    becomes: "failed",
    run: () => configured("WEB-1.2", { "asking nginx and PgBouncer": "active\nfailed" }),
  },
  "WEB-1.3": {
    fault: "the public name answers 502",
    becomes: "failed",
    run: async () => {
      const site = { get: async () => ({ status: 502, body: "<html>Bad Gateway</html>" }) };
      const expected = { staged: { release: "v1.2.0" } as SlotContent, page: undefined, hasAnswered: false };
      const context = await contextIn("activate");
      return proving("WEB-1.3", async () => {
        await lookFromOutside(context, site, expected);
        return "answered";
      });
    },
  },
  "POST-3.4": {
    fault: "the timer of the health check is not active",
    becomes: "failed",
    run: () => configured("POST-3.4", { "asking the public health": "inactive enabled yes 0 200" }),
  },
  "RBK-0.1": {
    fault: "a check of the functions failed",
    becomes: "failed",
    run: () => computedWith("RBK-0.1", { "FUN-1.3": "failed" }),
  },
  "RBK-0.2": {
    fault: "the restored copy is damaged",
    becomes: "failed",
    run: () => computedWith("RBK-0.2", { "PRE-2.2": "failed" }),
  },
  "RBK-0.3": {
    fault: "a route lets strangers in",
    becomes: "failed",
    run: () => computedWith("RBK-0.3", { "SEC-1.3": "failed" }),
  },
  "RBK-0.4": {
    fault: "the API is slow",
    becomes: "failed",
    run: () => computedWith("RBK-0.4", { "PER-2.2": "failed" }),
  },
  "RBK-0.5": { fault: "no operator has signed it off", becomes: "open", run: () => unspoken("RBK-0.5") },
  "RBK-1": {
    fault: "the deployment goes forward on the same schema",
    becomes: "not needed",
    run: () => {
      const known = knownReleases([
        {
          event: "served",
          release: "v1.1.0",
          commit: "c",
          digest: "a",
          config: "d",
          who: "ada@desk",
          at: "2026-11-23T22:00:00Z",
        },
      ]);
      const [from, to] = ["a", "b"].map((digest) => ({ digest, release: digest }) as SlotContent);
      return proving("RBK-1", () => rollbackProof(known, { from: from ?? null, to: to as SlotContent, overlap: true }));
    },
  },
  "RBK-2": {
    fault: "a foreign key keeps the tables from going",
    becomes: "failed",
    shownBy: ["database/schema-boxes", "MIG-2.1 fails with the migration, and RBK-2 with the way back"],
  },
  "RBK-3": {
    fault: "the schema was not rolled back",
    becomes: "not needed",
    shownBy: [
      "database/schema-boxes",
      "MIG-1.2 and MIG-1.3 have nothing to look at in an empty database; MIG-2.1 and RBK-2 are not needed where the schema stays",
    ],
  },
} satisfies Partial<Record<BoxId, Fault>>;
