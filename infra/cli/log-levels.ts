export const logLevels = ["error", "warning"] as const;
export type LogLevel = (typeof logLevels)[number];
