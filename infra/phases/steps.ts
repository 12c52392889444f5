import type { Step } from "../context/step";
import type { Phase } from "../core/phases";

/** Each phase runs in its own process, and loads what it needs itself and nothing of the others. */
export const loadStep: Record<Phase, () => Promise<Step>> = {
  preflight: async () => {
    const [{ preflight }, { buildArtifact }] = await Promise.all([
      import("./preflight/preflight"),
      import("./stage/build-artifact"),
    ]);
    return async (context) => {
      const done = await preflight(context);
      await buildArtifact(context);
      return done;
    };
  },
  backup: async () => (await import("./backup/backup")).backup,
  schemaUp: async () => (await import("./schema/schema")).schemaUp,
  configure: async () => (await import("./configure/configure")).configure,
  stage: async () => (await import("./stage/ledger")).noting("staged", (await import("./stage/stage")).stage),
  verify: async () => (await import("./stage/ledger")).noting("verified", (await import("./verify/verify")).verify),
  activate: async () =>
    (await import("./stage/ledger")).noting("served", (await import("./activate/activate")).activate),
  backfill: async () => (await import("./schema/backfill")).backfill,
  schemaDown: async () => (await import("./schema/schema")).schemaDown,
  evidence: async () => (await import("./evidence/evidence")).evidence,
};
