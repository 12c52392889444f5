import type { Section } from "./finding";

export type StackTraces = {
  stack: string;
  pending: readonly { operation: string; urn: string }[];
  /** Pulumi's own locks on the stack; undefined where the backend does not let them be seen. */
  locks:
    | readonly { user: string; machine: string; pid: number; since: string; isAlive: boolean | undefined }[]
    | undefined;
};

/** What a killed program leaves in the state: its lock, and operations whose end nobody saw. */
export function diagnoseStack({ stack, pending, locks }: StackTraces): Section {
  const isCreating = pending.some(({ operation }) => operation === "creating");
  const names = pending.map(({ operation, urn }) => `${operation} ${urn.split("::").slice(-2).join(" ")}`);
  const section: Section = {
    title: "The stack's state",
    asked: [
      { question: "pending operations", answer: names.length === 0 ? "none" : names.join("\n") },
      {
        question: "locks",
        answer:
          locks === undefined
            ? `this backend does not show them; where pulumi says that the stack is locked by a run that no longer lives: pulumi cancel --stack ${stack}`
            : locks.length === 0
              ? "none"
              : locks
                  .map((lock) => `${lock.user}@${lock.machine}, process ${lock.pid}, since ${lock.since}`)
                  .join("\n"),
      },
    ],
    findings: [],
  };
  for (const lock of locks ?? [])
    section.findings.push(
      lock.isAlive === true
        ? {
            what: `${lock.user}@${lock.machine} (process ${lock.pid}) has the stack locked since ${lock.since}, and lives`,
            means: "A deployment is going on. What else is found may be its work: wait for it.",
            command: `ps -p ${lock.pid} -o pid,etime,args`,
          }
        : {
            what: `the stack is locked since ${lock.since} by ${lock.user}@${lock.machine}, process ${lock.pid}`,
            means:
              lock.isAlive === false
                ? "That process has ended without taking its lock away; every up stops at it."
                : "Whether it lives can be seen on that machine only. If it does not:",
            command: `pulumi cancel --yes --stack ${stack}`,
          },
    );
  if (names.length > 0 && !(locks ?? []).some((lock) => lock.isAlive === true))
    section.findings.push({
      what: `a program was killed during: ${names.join(", ")}`,
      means:
        "A phase is taken up again by the next run; refresh then forgets that it was cut off. Of another resource Pulumi does not know whether it was made: refresh asks the cloud.",
      command: pending.every(({ urn }) => urn.includes("command:local:Command"))
        ? [
            `pulumi up --stack ${stack}`,
            ...(isCreating
              ? [`pulumi refresh --clear-pending-creates --target '**command:local:Command::*' --stack ${stack}`]
              : []),
          ].join("\n")
        : `pulumi refresh --run-program --skip-preview --stack ${stack}\npulumi up --stack ${stack}`,
    });
  return section;
}
