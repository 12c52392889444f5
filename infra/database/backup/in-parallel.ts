import type pg from "pg";
import type { Connect } from "../migrations/options";

/** How often one job is begun again on a new connection. */
const mostTries = 3;

/**
 * Does jobs in their order over several connections. A job whose connection is lost is begun again on a new one; the others continue.
 * @throws the first error that is not a lost connection, once every job under way has ended
 */
export async function inParallel<Job>(
  connect: Connect,
  width: number,
  jobs: readonly Job[],
  work: (client: pg.Client, job: Job) => Promise<void>,
): Promise<void> {
  const waiting = [...jobs];
  let failure: unknown;
  const worker = async () => {
    let client: pg.Client | undefined;
    let lost = false;
    try {
      for (let job = waiting.shift(); job !== undefined && failure === undefined; job = waiting.shift()) {
        for (let tries = 1; ; tries++) {
          try {
            if (client === undefined || lost) {
              client = await connect();
              lost = false;
              client.on("error", () => {
                lost = true;
              });
            }
            await work(client, job);
            break;
          } catch (error) {
            if (tries === mostTries || !(lost || isLost(error))) throw error;
            lost = true;
          }
        }
      }
    } catch (error) {
      failure ??= error;
    } finally {
      await client?.end().catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(width, jobs.length)) }, worker));
  if (failure !== undefined) throw failure;
}

/** 57P01 to 57P03: the server ended the session or is starting; without a code: the connection itself. */
function isLost(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === undefined
    ? error instanceof Error && /Connection terminated|not queryable|ECONNRE/.test(error.message)
    : /^(57P0[123]|08|ECONNRESET|EPIPE|ECONNREFUSED)/.test(code);
}
