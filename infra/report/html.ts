import { atAGlance, criteria, everyBox } from "./page/checklist";
import { journal, locks, screenshots, timeline } from "./page/course";
import { html, Markup } from "./page/markup";
import { opening } from "./page/opening";
import { particulars, people } from "./page/particulars";
import { style } from "./page/style";
import type { Report } from "./shape";

/** What ties the page to the signed JSON beside it. */
export type Seal = { jsonSha256: string; keyId: string };

/**
 * The report as one file that stands alone: no script, no font, no picture from elsewhere, and a policy that forbids them.
 * The same report and seal always give the same bytes, so that a page can be compared with its JSON.
 */
export function renderHtml(report: Report, seal?: Seal): string {
  const { header } = report;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${report.headline} ${header.application}, ${header.stack}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
${opening(report)}
${atAGlance(report)}
${timeline(report)}
${criteria(report)}
${particulars(report)}
${everyBox(report)}
${locks(report)}
${screenshots(report)}
${journal(report)}
${people(report)}
${remarks(report)}
${colophon(report, seal)}
</main>
</body>
</html>
`.text;
}

function remarks(report: Report): Markup | undefined {
  if (report.remarks.length === 0) return undefined;
  return html`<section aria-labelledby="remarks"><h2 id="remarks">Remarks of the report itself</h2><ul class="lede">${report.remarks.map((remark) => html`<li>${remark}</li>`)}</ul></section>`;
}

function colophon(report: Report, seal: Seal | undefined): Markup {
  return html`<footer class="small">${
    seal === undefined
      ? html`<p>This copy is not signed.</p>`
      : html`<p>SHA-256 of the signed JSON: <code data-json-sha256="${seal.jsonSha256}">${seal.jsonSha256}</code></p><p>Signed with key <code>${seal.keyId}</code>. Check it with <code>npm run report -- --verify FILE --key PUBLIC_KEY_FILE</code></p>`
  }<p>Run <code>${report.header.run}</code>, report version ${report.header.reportVersion}</p></footer>`;
}
