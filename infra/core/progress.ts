/** Says on stderr what a step does and how long it has taken: `verify  12 s  logging in as admin`. */
export type Progress = (message: string) => void;

export function progressOf(name: string, startedAt = Date.now()): Progress {
  return (message) => {
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    process.stderr.write(`${name}  ${seconds} s  ${message}\n`);
  };
}
