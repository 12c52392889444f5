type Level = "error" | "warn" | "info";

const priorities: Record<Level, number> = { error: 3, warn: 4, info: 6 };

/** One JSON line on stdout. In a journal (systemd sets JOURNAL_STREAM) a prefix gives the line its priority. */
function write(level: Level, message: string, fields: Record<string, unknown> = {}): void {
  const prefix = process.env.JOURNAL_STREAM ? `<${priorities[level]}>` : "";
  process.stdout.write(`${prefix}${JSON.stringify({ level, time: new Date().toISOString(), message, ...fields })}\n`);
}

export const log = {
  error: (message: string, fields?: Record<string, unknown>) => write("error", message, fields),
  warn: (message: string, fields?: Record<string, unknown>) => write("warn", message, fields),
  info: (message: string, fields?: Record<string, unknown>) => write("info", message, fields),
};

export const reason = (cause: unknown): string => (cause instanceof Error ? cause.message || cause.name : String(cause));
