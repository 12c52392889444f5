import type { BoxId } from "../checklist/boxes";

/** Something that is not as it should be, and the next thing to do. */
export type Finding = {
  what: string;
  means: string;
  /** The command that fixes it, to be copied as it stands. */
  command: string;
};

/** One part of a diagnosis: what was asked, what came back, what is wrong with it. */
export type Section = {
  title: string;
  /** The box that this part of the checklist's troubleshooting is. */
  box?: BoxId;
  asked: { question: string; answer: string }[];
  findings: Finding[];
};

/** Runs one question of a section; a question without an answer is a finding. @returns whether it was answered */
export async function ask(
  section: Section,
  question: string,
  work: () => Promise<string>,
  otherwise: Omit<Finding, "what">,
): Promise<boolean> {
  try {
    section.asked.push({ question, answer: await work() });
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    section.asked.push({ question, answer: `no answer: ${reason}` });
    section.findings.push({ what: `${question}: ${reason}`, ...otherwise });
    return false;
  }
}
