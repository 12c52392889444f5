export const defaultOptions = {
    lockTimeoutMs: 200,
    gentleLockTimeoutMs: 30_000,
    statementTimeoutMs: 10_000,
    longStatementTimeoutMs: 3_600_000,
    deadlineMs: 300_000,
    batchSize: 2_000,
    settings: {},
    alsoRecord: {},
};
