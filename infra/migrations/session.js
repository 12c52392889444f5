/**
 * Runs `work` with two sessions and leaves nothing behind in them: settings are reset and locks released before they end,
 * should the connection be one that somebody keeps. The server notices within a second when this process is killed.
 */
export async function withSessions(connect, work) {
    const worker = await connect();
    worker.on("error", () => undefined); // What breaks the connection also fails the query that is running.
    try {
        const observer = await connect();
        observer.on("error", () => undefined);
        try {
            for (const client of [worker, observer])
                await prepare(client);
            const { rows } = await worker.query("SELECT pg_backend_pid() AS pid");
            return await work({ worker, observer, workerPid: rows[0]?.pid ?? 0 });
        }
        finally {
            await leave(observer);
        }
    }
    finally {
        await leave(worker);
    }
}
async function prepare(client) {
    await client.query("SET application_name = 'prompt-library-migration'");
    await client.query("SET tcp_keepalives_idle = 10");
    // From PostgreSQL 14 on; without it a killed program's statement runs on to its end, and the next run waits for that.
    await client.query("SELECT set_config(name, '1s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'");
}
async function leave(client) {
    try {
        await client.query("ROLLBACK");
        await client.query("RESET ALL");
        await client.query("SELECT pg_advisory_unlock_all()");
    }
    catch {
        // The connection is gone, and everything with it.
    }
    await client.end().catch(() => undefined);
}
/** Resolves after `ms` milliseconds. */
export function pause(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
}
