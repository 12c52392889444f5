import type { Phase } from "../rollout/phases";
import type { Step } from "./step";

/** Each phase is a process of its own, and loads what it needs itself and nothing of the others. */
export const steps: Record<Phase, Step> = {
  preflight: async (context) => {
    const done = await (await import("./preflight")).preflight(context);
    await (await import("./provided")).provided(context);
    return done;
  },
  backup: async (context) => (await import("./backup")).backup(context),
  schemaUp: async (context) => (await import("./schema")).schemaUp(context),
  configure: async (context) => (await import("./configure")).configure(context),
  stage: async (context) => (await import("./ledger")).noting("staged", (await import("./stage")).stage)(context),
  verify: async (context) => (await import("./ledger")).noting("verified", (await import("./verify")).verify)(context),
  activate: async (context) => (await import("./ledger")).noting("served", (await import("./activate")).activate)(context),
  backfill: async (context) => (await import("./backfill")).backfill(context),
  schemaDown: async (context) => (await import("./schema")).schemaDown(context),
  evidence: async (context) => (await import("./evidence")).evidence(context),
};
