/** As whom the database was made: on RDS no superuser. */
export const masterUser = "deployment_master";

/** PostgreSQL roles: who migrates, who serves, who only looks. */
export const roleNames = {
  owner: "prompt_library_owner",
  app: "prompt_library_app",
  readonly: "prompt_library_readonly",
} as const;

/**
 * Lets a role see what other sessions do, of which `pg_read_all_stats` is the part. From PostgreSQL 16 on RDS's master may grant only what
 * rds_superuser holds with ADMIN OPTION, and that is this one.
 */
export const statisticsRole = "pg_monitor";

/** As whom the application connects: one that migrates itself has to own the tables. */
export function servingRole(migrations: "program" | "application" | "both"): "owner" | "app" {
  return migrations === "program" ? "app" : "owner";
}
