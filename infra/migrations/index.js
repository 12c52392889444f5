export { backfill } from "./backfill";
export { describeBlockers } from "./blockers";
export { MigrationError } from "./errors";
export { migrationsDirectory, readMigrations } from "./files";
export { fingerprintDifference, schemaFingerprint } from "./fingerprint";
export { schemaState, schemaVersion } from "./journal";
export { migrateTo } from "./migrate";
export { defaultOptions } from "./options";
export { describeProgress } from "./progress";
