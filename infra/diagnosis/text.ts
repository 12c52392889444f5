import type { Section } from "./finding";

const mostRows = 12;

/** A diagnosis on a terminal: what was found first, then each question with its answer. */
export function renderDiagnosis(sections: readonly Section[]): string {
  const findings = sections.flatMap((section) => section.findings);
  const head =
    findings.length === 0
      ? ["Nothing is wrong that this command can see."]
      : [
          `${findings.length} ${findings.length === 1 ? "thing" : "things"} to see to, in this order:`,
          ...findings.flatMap((finding, index) => [
            "",
            `${index + 1}. ${finding.what}`,
            `   ${finding.means}`,
            ...finding.command.split("\n").map((line) => `   $ ${line}`),
          ]),
        ];
  return [...head, ...sections.flatMap((section) => ["", section.title, ...section.asked.flatMap(questionRows)])].join(
    "\n",
  );
}

function questionRows({ question, answer }: Section["asked"][number]): string[] {
  const rows = answer.split("\n");
  if (rows.length === 1) return [`  ${question}: ${answer}`];
  const shown = rows.length <= mostRows ? rows : [...rows.slice(0, mostRows), `and ${rows.length - mostRows} more`];
  return [`  ${question}:`, ...shown.map((row) => `    ${row}`)];
}
