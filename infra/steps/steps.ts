import type { Phase } from "../rollout/phases";
import { activate } from "./activate";
import { backfill } from "./backfill";
import { backup } from "./backup";
import { configure } from "./configure";
import { evidence } from "./evidence";
import { preflight } from "./preflight";
import { schemaDown, schemaUp } from "./schema";
import { stage } from "./stage";
import type { Step } from "./step";
import { verify } from "./verify";

export const steps: Record<Phase, Step> = {
  preflight,
  backup,
  schemaUp,
  configure,
  stage,
  verify,
  activate,
  backfill,
  schemaDown,
  evidence,
};
