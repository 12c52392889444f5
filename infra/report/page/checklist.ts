import { type Box, boxes } from "../../checklist/boxes";
import type { BoxResult } from "../../checklist/result";
import { duration } from "../format";
import type { Report } from "../shape";
import { html, type Markup } from "./markup";
import { className, glyph, ribbon } from "./opening";

type Filled = Box & BoxResult;

function fillBoxes(report: Report): Filled[] {
  const results = new Map(report.boxes.map((box) => [box.id, box]));
  return boxes.flatMap((box) => {
    const result = results.get(box.id);
    return result === undefined ? [] : [{ ...box, ...result }];
  });
}

/** Groups what lies side by side and shares a name, keeping the order. */
function groupBy(list: readonly Filled[], nameOf: (box: Filled) => string): { name: string; members: Filled[] }[] {
  const groups: { name: string; members: Filled[] }[] = [];
  for (const box of list) {
    const last = groups.at(-1);
    if (last !== undefined && last.name === nameOf(box)) last.members.push(box);
    else groups.push({ name: nameOf(box), members: [box] });
  }
  return groups;
}

/** The whole checklist at a glance: a square a box. Hidden from screen readers, which get the list itself. */
export function atAGlance(report: Report): Markup {
  const chapters = groupBy(fillBoxes(report), (box) => box.chapter);
  return html`<section aria-labelledby="glance"><h2 id="glance">${report.boxes.length} boxes</h2>
${ribbon(report)}
<div class="mosaic" aria-hidden="true">${chapters.map(
    ({ name, members }) => html`<div><p class="small">${name}</p><div class="rows">${groupBy(
      members,
      (box) => box.section,
    ).map((part) => html`<div class="row">${part.members.map(cell)}</div>`)}</div></div>
`,
  )}</div></section>`;
}

function cell({ id, title, result }: Filled): Markup {
  return html`<a class="cell ${className(result)}" tabindex="-1" href="#${id}" title="${id} ${title}: ${result}"><span>${glyph[result]}</span></a>`;
}

export function criteria(report: Report): Markup {
  const nine = fillBoxes(report).filter((box) => box.id.startsWith("SUC-"));
  return html`<section aria-labelledby="criteria"><h2 id="criteria">Success, by the checklist’s nine criteria</h2>
${
  report.state === "good"
    ? undefined
    : html`<p class="lede above">As far as the run came; the release counts as good only when no box fails.</p>
`
}<ol class="criteria">${nine.map(
    (
      box,
    ) => html`<li><p>${box.title}</p><p class="word ${className(box.result)}">${glyph[box.result]} ${box.result}</p>${
      box.result === "passed" ? undefined : html`<p class="small">${box.reason ?? box.evidence}</p>`
    }</li>
`,
  )}</ol></section>`;
}

/** Every box with its result, its evidence, what produced it and how long that took. */
export function everyBox(report: Report): Markup {
  return html`${groupBy(fillBoxes(report), (box) => box.chapter).map(
    (chapter, index) => html`<section aria-labelledby="chapter-${index}"><h2 id="chapter-${index}">${chapter.name}</h2>
${groupBy(chapter.members, (box) => box.section).map(part)}</section>
`,
  )}`;
}

function part({ name, members }: { name: string; members: Filled[] }): Markup {
  const held = members.filter((box) => box.result === "passed").length;
  const needed = members.filter((box) => box.result !== "not needed").length;
  return html`<div class="group"><header><h3>${name}</h3><p class="small tally">${
    needed === 0 ? "not needed" : `${held} of ${needed} passed`
  }</p></header><ul>${members.map(row)}</ul></div>
`;
}

function row(box: Filled): Markup {
  const shown = [box.evidence, box.reason].filter((text) => text !== undefined && text !== "");
  return html`<li class="box is-${className(box.result)}" id="${box.id}"><p class="id">${box.id}</p><div class="body"><p class="title">${box.title}</p>${shown.map(
    (text) => html`<p class="shown">${text}</p>`,
  )}</div><p class="side"><span class="word ${className(box.result)}">${glyph[box.result]} ${box.result}</span><span>${box.source}${
    box.durationMs === undefined ? undefined : html`, <span class="took-note">${duration(box.durationMs)}</span>`
  }</span></p></li>
`;
}
