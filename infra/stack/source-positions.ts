/**
 * Leaves the places unmapped that Pulumi notes of every resource and promise, each with the whole stack it was made by: to look all of
 * that up in source maps takes an eighth of an `up` without changes. Such stacks are of errors without a message. What is thrown for
 * somebody to read has one, and is mapped as before.
 */
export function mapOnlyErrors(): void {
  const mapped = Error.prepareStackTrace;
  if (mapped === undefined) return;
  Error.prepareStackTrace = (error, frames) =>
    error.message === ""
      ? [String(error), ...frames.map((frame) => `    at ${String(frame)}`)].join("\n")
      : (mapped(error, frames) as string);
}
