import type { Phase } from "../rollout/phases";
import type { Step } from "./step";

/** Each phase is a process of its own, and loads what it needs itself and nothing of the others. */
export const loadStep: Record<Phase, () => Promise<Step>> = {
  preflight: async () => {
    const [{ preflight }, { provided }] = await Promise.all([import("./preflight"), import("./provided")]);
    return async (context) => {
      const done = await preflight(context);
      await provided(context);
      return done;
    };
  },
  backup: async () => (await import("./backup")).backup,
  schemaUp: async () => (await import("./schema")).schemaUp,
  configure: async () => (await import("./configure")).configure,
  stage: async () => (await import("./ledger")).noting("staged", (await import("./stage")).stage),
  verify: async () => (await import("./ledger")).noting("verified", (await import("./verify")).verify),
  activate: async () => (await import("./ledger")).noting("served", (await import("./activate")).activate),
  backfill: async () => (await import("./backfill")).backfill,
  schemaDown: async () => (await import("./schema")).schemaDown,
  evidence: async () => (await import("./evidence")).evidence,
};
