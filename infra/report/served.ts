/** What somebody answered, or why nobody did. */
export type Answer<T> = { value: T; problem?: never } | { value?: never; problem: string };

/** Null where no slot serves. */
export type HostAnswer = {
  slot: string;
  release: string | undefined;
  /** As systemd calls it. */
  backend: string;
  /** ISO 8601; empty where it does not run. */
  since: string;
} | null;

export type Served = {
  at: Date;
  host: Answer<HostAnswer>;
  schema: Answer<number>;
  /** HTTP statuses through the public address. */
  page: Answer<number>;
  health: Answer<number>;
  /** What is wrong with the release that the health endpoint reports. */
  otherRelease?: string;
  account: string;
  /** Null where the account is not in the database; undefined where nobody tried. */
  login: Answer<number | null> | undefined;
};

/** What was answered, and when: the first line says who serves, the second what users get. */
export function describeServed(served: Served): string {
  const { at, host, schema, page, health, otherRelease, account, login } = served;
  const asked = `asked at ${at.toISOString().slice(0, 19).replace("T", " ")}Z`;
  const publicly = [
    `page ${said(page)}`,
    `health ${said(health)}${otherRelease === undefined ? "" : ` (${otherRelease})`}`,
    login === undefined
      ? "no login tried"
      : login.value === null
        ? `no login tried (${account} is not in the database)`
        : `login of ${account} ${said(login as Answer<number>)}`,
  ].join(", ");
  const onSchema =
    schema.value === undefined ? `the schema could not be asked: ${schema.problem}` : `schema ${schema.value}`;
  return [`${onTheHost(host)}; ${onSchema}; ${asked}.`, `Users get: ${publicly}.`].join("\n");
}

function onTheHost(host: Answer<HostAnswer>): string {
  if (host.value === undefined) return `The host could not be asked which release serves: ${host.problem}`;
  if (host.value === null) return "No slot serves on the host";
  const { slot, release, backend, since } = host.value;
  const named = `${release ?? "an unknown release"} in slot ${slot}`;
  return backend === "active"
    ? `${named}, running since ${since}`
    : `${named} should serve, but its backend is ${backend}`;
}

function said(answer: Answer<number>): string {
  return answer.value === undefined ? `not answered (${answer.problem})` : String(answer.value);
}
