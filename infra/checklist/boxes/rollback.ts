import { section } from "../section";

const chapter = "Rollback";

export const rollback = [
  section(chapter, "No reason to roll back", [
    ["RBK-0.1", "No critical functionality is broken", "no box of application, frontend and functions failed"],
    ["RBK-0.2", "No database corruption detected", "no box of migration and backup integrity failed"],
    ["RBK-0.3", "No security vulnerability discovered", "no box of security failed"],
    ["RBK-0.4", "No performance beyond acceptable limits", "no box of performance failed"],
    ["RBK-0.5", "No critical issue reported by users", "an operator's word, signed off in the settings"],
  ]),
  section(chapter, "Rollbacks", [
    ["RBK-1", "Application-only rollback", "rehearsed and timed"],
    ["RBK-2", "Full rollback, database and application", "rehearsed and timed"],
    ["RBK-3", "Rollback verified", "tables removed; health and connections answer"],
  ]),
] as const;
