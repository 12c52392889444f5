import { type Result, resultWords } from "../../checklist/result";
import { clock, count, day, duration } from "../format";
import type { Report } from "../shape";
import { html, type Markup } from "./markup";

const stateWord: Record<Report["state"], string> = { good: "Good", failed: "Failed", unfinished: "Unfinished" };

/** The first screen: what it is, how it ended, and what a reader at 3 a.m. has to know. */
export function opening(report: Report): Markup {
  const { header, startedAt, finishedAt } = report;
  const when =
    startedAt === undefined || finishedAt === undefined
      ? "before any phase"
      : `${day(startedAt)}, ${clock(startedAt)} to ${startedAt.slice(0, 10) === finishedAt.slice(0, 10) ? "" : `${day(finishedAt)}, `}${clock(finishedAt)} UTC`;
  return html`<header>
<div class="stamp"><p class="label">Deployment of ${header.application}, ${header.stack}</p><p class="state ${report.state}">${stateWord[report.state]}</p></div>
<h1>${tie(report.headline)}</h1>
<p class="lede">${tie(`${when}, ${describeWork(report)} by ${header.who}.`)}</p>
</header>
${firstOfAll(report)}`;
}

/** Keeps a number and its unit, and a word and its number, on one line. */
function tie(text: string): string {
  return text
    .replace(/(\d) (ms|s|min|h|UTC)\b/g, "$1\u00a0$2")
    .replace(/\b(schema|at|to) (?=\S+[.,]?(?:\s|$))/g, "$1\u00a0");
}

function describeWork(report: Report): string {
  return `${duration(report.timeline.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0))} of work, run`;
}

function firstOfAll(report: Report): Markup {
  const failed = report.failed.map(
    ({ where, what }) => html`<li><span class="label">${where}</span><span>${what}</span></li>`,
  );
  return html`<section class="first" aria-label="First of all">
${
  failed.length === 0
    ? html`<div><h2>What failed</h2><p>Nothing.</p></div>`
    : html`<div class="wide"><h2>What failed</h2><ul>${failed}</ul></div>`
}
<div><h2>What serves</h2><p>${report.serving}</p></div>
<div><h2>What to do</h2><ol class="steps">${report.next.map((line) => html`<li>${line}</li>`)}</ol></div>
</section>`;
}

export const glyph: Record<Result, string> = { passed: "✓", failed: "✕", "not needed": "–", open: "○", "not yet": "·" };

export function className(result: Result): string {
  return result.replace(" ", "-");
}

/** The counts as a ribbon, with words beneath, so that colour is never the only sign. */
export function ribbon(report: Report): Markup {
  const total = report.boxes.length;
  const words = resultWords.filter((word) => report.counts[word] > 0);
  return html`<div class="ribbon" aria-hidden="true">${words.map((word) => html`<i class="${className(word)}" style="flex:${report.counts[word]}"></i>`)}</div>
<p class="legend" aria-label="${count(total, "box", "boxes")}">${resultWords.map(
    (
      word,
    ) => html`<span class="${className(word)}${report.counts[word] === 0 ? " zero" : ""}">${glyph[word]} <b>${report.counts[word]}</b> ${word}</span>
`,
  )}</p>`;
}
