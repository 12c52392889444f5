import { duration } from "../format";
import type { Lock, Report, TimelineEntry } from "../shape";
import { html, type Markup } from "./markup";

/** The phases as bars, one after the other; a phase that an earlier run completed counts with the time that it took then. */
export function timeline(report: Report): Markup {
  const total = Math.max(
    1,
    report.timeline.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0),
  );
  let before = 0;
  const lines = report.timeline.map((entry) => {
    const line = phaseLine(entry, before / total, (entry.durationMs ?? 0) / total);
    before += entry.durationMs ?? 0;
    return line;
  });
  return html`<section aria-labelledby="course"><h2 id="course">The course of it</h2><ol class="timeline">${lines}</ol></section>`;
}

const percent = (share: number): string => `${(share * 100).toFixed(2)}%`;

function phaseLine({ phase, outcome, summary, durationMs }: TimelineEntry, start: number, share: number): Markup {
  const look = outcome === "failed" ? "failed" : outcome === "completed" ? "" : "idle";
  const took = durationMs === undefined ? outcome : duration(durationMs);
  const bar =
    durationMs === undefined
      ? undefined
      : html`<i style="left:min(${percent(start)}, calc(100% - 3px));width:${percent(share)}"></i>`;
  const said = [outcome === "failed" || outcome === "nothing to do" ? outcome : "", summary]
    .filter((text) => text !== "")
    .join(": ");
  return html`<li class="${look}"><span class="phase">${phase}</span><span class="track" aria-hidden="true">${bar}</span><span class="took">${took}</span>${
    said === "" ? undefined : html`<span class="say">${said}</span>`
  }</li>
`;
}

export function locks(report: Report): Markup {
  return html`<section aria-labelledby="locks"><h2 id="locks">Locks held on tables in use</h2>${
    report.locks.length === 0
      ? html`<p class="lede">None was taken.</p>`
      : html`<div class="scroll" tabindex="0" role="region" aria-labelledby="locks"><table><thead><tr><th scope="col">Table</th><th scope="col">Mode</th><th scope="col" class="number">Held</th><th scope="col" class="number">Waited</th><th scope="col" class="number">Retries</th><th scope="col">Phase</th></tr></thead><tbody>${report.locks.map(lockRow)}</tbody></table></div>`
  }</section>`;
}

function lockRow(lock: Lock): Markup {
  return html`<tr><td>${lock.table}</td><td>${lock.mode}</td><td class="number">${duration(lock.heldMs)}</td><td class="number">${duration(lock.waitedMs)}</td><td class="number">${lock.retries}</td><td>${lock.phase}</td></tr>
`;
}

export function screenshots(report: Report): Markup | undefined {
  if (report.screenshots.length === 0) return undefined;
  return html`<section aria-labelledby="pages"><h2 id="pages">Pages, as the browser saw them</h2><div class="shots">${report.screenshots.map(
    ({
      page,
      as,
      dataUri,
    }) => html`<figure><img src="${dataUri}" alt="Screenshot of ${page} as ${as}"><figcaption class="small">${page}, as ${as}</figcaption></figure>
`,
  )}</div></section>`;
}

export function journal(report: Report): Markup | undefined {
  if (report.journal.length === 0) return undefined;
  return html`<section class="journal" aria-labelledby="journal"><h2 id="journal">From the journal</h2>${report.journal.map(
    ({ phase, lines }) => html`<h3>${phase}</h3><pre>${lines.join("\n")}</pre>
`,
  )}</section>`;
}
