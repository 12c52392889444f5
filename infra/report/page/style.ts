/**
 * The page's whole look. Paper and ink, one serif for what is said, one sans for what is named, one colour a result.
 * Only fonts that machines have: the page loads nothing.
 */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf6; --raised: #ffffff; --ink: #1f1d1a; --soft: #69645b; --faint: #e4e0d6; --hair: #d3cec2;
  --passed: #2c6a4c; --failed: #b3271e; --open: #96640a; --quiet: #767065; --failed-wash: #fbeeea; --passed-wash: #edf3ee; --open-wash: #f8f1e2;
  --serif: Charter, "Bitstream Charter", "Charis SIL", "Iowan Old Style", "Palatino Linotype", Palatino, Georgia, serif;
  --sans: Inter, "SF Pro Text", -apple-system, "Segoe UI", system-ui, "Helvetica Neue", Arial, sans-serif;
  --mono: "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #171614; --raised: #1e1c1a; --ink: #ebe7df; --soft: #a49d90; --faint: #2c2a26; --hair: #3d3a34;
    --passed: #7dbb97; --failed: #f0897b; --open: #dcae5c; --quiet: #918a7e; --failed-wash: #2e1c19; --passed-wash: #1a2520; --open-wash: #2a2317;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 var(--serif); font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
main { max-width: 62rem; margin: 0 auto; padding: 4.5rem 2rem 5rem; }
h1, h2, h3, p, dl, dd, ul, ol, figure, pre { margin: 0; padding: 0; }
ul, ol { list-style: none; }
a { color: inherit; }
a:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
h1 { font-weight: 400; font-size: clamp(2rem, 5.2vw, 3.35rem); line-height: 1.12; letter-spacing: -.018em; margin: 1rem 0 1.35rem; max-width: 20em; text-wrap: balance; }
h2 { font-weight: 400; font-size: 1.7rem; line-height: 1.2; letter-spacing: -.01em; margin: 0 0 1.5rem; }
section { margin-top: 4.5rem; }
.label, h3, dt, th { font: 600 .72rem/1.4 var(--sans); letter-spacing: .075em; text-transform: uppercase; color: var(--soft); }
.small { font: .84rem/1.5 var(--sans); color: var(--soft); }
code, pre { font-family: var(--mono); font-size: .84em; }
pre { white-space: pre-wrap; }
.stamp { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; justify-content: space-between; border-top: 2px solid var(--ink); padding-top: .7rem; }
.state { font: 600 .84rem/1.4 var(--sans); }
.good, .passed { color: var(--passed); } .failed { color: var(--failed); } .unfinished, .open { color: var(--open); } .not-needed, .not-yet { color: var(--quiet); }
.above { margin: -.75rem 0 1.5rem; }
.lede { color: var(--soft); max-width: 46em; }

.first { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0 2.5rem; margin-top: 2.75rem; }
.first > div { border-top: 1px solid var(--hair); padding-top: .8rem; }
.first h2 { font: 600 .72rem/1.4 var(--sans); letter-spacing: .075em; text-transform: uppercase; color: var(--soft); margin-bottom: .7rem; }
.first li + li { margin-top: .75rem; }
.first .wide { grid-column: 1 / -1; background: var(--failed-wash); border-top: 3px solid var(--failed); padding: 1.1rem 1.5rem 1.4rem; margin-bottom: 2rem; }
.first .wide h2 { color: var(--failed); }
.first .wide li { display: grid; grid-template-columns: 6.5rem 1fr; gap: 0 1rem; }
.first .wide li .label { padding-top: .22rem; color: var(--failed); text-transform: none; letter-spacing: 0; font-size: .84rem; }
.first .wide + div + div { grid-column: span 2; }
.steps { counter-reset: step; }
.steps li { counter-increment: step; padding-left: 1.6rem; position: relative; }
.steps li:not(:only-child)::before { content: counter(step); position: absolute; left: 0; color: var(--soft); font: .84rem/1.85 var(--sans); }
.steps li:only-child { padding-left: 0; }

.ribbon { display: flex; gap: 3px; height: 12px; margin-bottom: .9rem; }
.ribbon i { min-width: 4px; background: currentColor; }
.ribbon .not-needed { opacity: .5; } .ribbon .open, .ribbon .not-yet { background: none; border: 1.5px solid currentColor; } .ribbon .not-yet { border-style: dotted; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.8rem; font: .88rem/1.5 var(--sans); }
.legend b { font-weight: 600; } .legend .zero { color: var(--quiet); } .legend .zero b { font-weight: 400; }

.mosaic { margin-top: 2.4rem; }
.mosaic > div { display: grid; grid-template-columns: 11rem 1fr; gap: 0 2rem; align-items: center; padding: .3rem 0; }
.mosaic .rows { display: flex; flex-wrap: wrap; gap: .4rem .9rem; }
.mosaic .row { display: flex; flex-wrap: wrap; gap: 3px; }
.cell { width: 21px; height: 21px; display: grid; place-items: center; font: 700 12px/1 var(--sans); text-decoration: none; border: 1.5px solid currentColor; }
.cell.passed { background: var(--passed); } .cell.failed { background: var(--failed); }
.cell.failed span { color: var(--paper); } .cell.passed span { display: none; }
.cell.not-needed { border-color: var(--hair); } .cell.open { border-radius: 50%; } .cell.open span, .cell.not-yet span { display: none; } .cell.not-yet { border-style: dotted; }

.timeline li { display: grid; grid-template-columns: 7.5rem 1fr 6rem; gap: .15rem 1.25rem; align-items: baseline; padding: .6rem 0; border-top: 1px solid var(--faint); }
.timeline li:last-child { border-bottom: 1px solid var(--faint); }
.timeline .track { position: relative; height: 8px; background: var(--faint); align-self: center; }
.timeline .track i { position: absolute; top: 0; bottom: 0; min-width: 3px; background: var(--ink); }
.timeline .idle .track i { background: var(--quiet); } .timeline .failed .track i { background: var(--failed); }
.timeline .phase { font: 600 .9rem/1.4 var(--sans); color: var(--ink); } .timeline .failed .phase { color: var(--failed); }
.timeline .took { text-align: right; font: .84rem/1.5 var(--sans); color: var(--ink); }
.timeline .say { grid-column: 2 / -1; color: var(--soft); font-size: .92rem; line-height: 1.45; }
.timeline .idle .phase, .timeline .idle .took { color: var(--quiet); font-weight: 400; }

.criteria { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0 2.5rem; }
.criteria li { border-top: 1px solid var(--hair); padding: .75rem 0 1.4rem; }
.criteria p { line-height: 1.35; margin-bottom: .3rem; }
.took, .took-note { white-space: nowrap; }
.word { font: 600 .84rem/1.5 var(--sans); white-space: nowrap; }

.facts { display: grid; grid-template-columns: 9rem 1fr; gap: .55rem 1.5rem; align-items: baseline; }
.facts + .facts { margin-top: 2rem; }
.facts pre, .journal pre { background: var(--raised); border: 1px solid var(--faint); padding: .85rem 1rem; font-size: .8rem; line-height: 1.55; }
.journal pre { color: var(--soft); } .journal h3 { margin: 1.5rem 0 .5rem; }

.group { display: grid; grid-template-columns: 11rem 1fr; gap: 0 2rem; border-top: 1px solid var(--ink); padding: .8rem 0 2.2rem; }
.group:last-child { padding-bottom: 0; }
.group .tally { color: var(--soft); }
.box { display: grid; grid-template-columns: 5rem 1fr 7.6rem; gap: 0 1rem; padding: .5rem 0 .6rem; border-top: 1px solid var(--faint); scroll-margin-top: 1rem; }
.box:first-child { border-top: 0; padding-top: 0; }
.box .id { font: .78rem/1.9 var(--mono); color: var(--soft); }
.box .title { line-height: 1.45; }
.box .shown { font: .86rem/1.5 var(--sans); color: var(--soft); }
.box .side { text-align: right; font: .78rem/1.5 var(--sans); color: var(--soft); }
.box .side .word { display: block; font-size: .84rem; line-height: 1.75; }
.box.is-failed { background: var(--failed-wash); box-shadow: -.9rem 0 var(--failed-wash), .9rem 0 var(--failed-wash), inset 0 0 0 0; }
.box.is-not-needed .title, .box.is-not-yet .title { color: var(--soft); }
.box:target { outline: 2px solid var(--open); outline-offset: .3rem; }

table { border-collapse: collapse; width: 100%; overflow-wrap: break-word; font: .88rem/1.5 var(--sans); }
th { text-align: left; } th, td { padding: .5rem 1.25rem .5rem 0; border-bottom: 1px solid var(--faint); vertical-align: baseline; } th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
.shots { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 2rem; }
.shots img { display: block; width: 100%; height: auto; border: 1px solid var(--hair); background: #fff; }
.shots figcaption { margin-top: .5rem; }
.people { display: grid; grid-template-columns: repeat(3, 1fr); gap: 2rem 2.5rem; }
.people li { border-top: 1px solid var(--faint); padding: .6rem 0; line-height: 1.4; } .people h3 { margin-bottom: .6rem; }
footer { margin-top: 5rem; border-top: 2px solid var(--ink); padding-top: .9rem; }
footer p + p { margin-top: .35rem; }

@media (max-width: 44rem) {
  main { padding: 1.75rem 1.25rem 3rem; }
  section { margin-top: 3.25rem; }
  h2 { font-size: 1.45rem; margin-bottom: 1.1rem; }
  .first, .criteria, .people { grid-template-columns: 1fr; }
  .first { gap: 1.75rem; margin-top: 2rem; } .first .wide { margin: 0 -1.25rem; padding: 1rem 1.25rem 1.2rem; } .first .wide li { grid-template-columns: 1fr; }
  .first .wide + div + div { grid-column: auto; }
  .mosaic > div { grid-template-columns: 1fr; gap: .35rem; padding: .5rem 0; } .cell { width: 17px; height: 17px; font-size: 10px; } .mosaic .rows { gap: .4rem .7rem; }
  .criteria li { display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; padding-bottom: .75rem; } .criteria .small { grid-column: 1 / -1; }
  .timeline li { grid-template-columns: 1fr auto; } .timeline .track { grid-row: 2; grid-column: 1 / -1; } .timeline .say { grid-column: 1 / -1; }
  .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: .85rem; }
  .group { grid-template-columns: 1fr; } .group > header { margin-bottom: 1rem; display: flex; justify-content: space-between; gap: 1rem; }
  .box { grid-template-columns: 1fr auto; } .box .id { grid-column: 1; line-height: 1.75; } .box .body { grid-row: 2; grid-column: 1 / -1; } .box .side { display: flex; gap: .75rem; align-items: baseline; }
  .scroll { overflow-x: auto; } th, td { padding-right: .9rem; }
}
@media print {
  :root { --paper: #fff; --raised: #fff; --ink: #000; --soft: #444; --faint: #ddd; --hair: #bbb; --passed: #1d5a3c; --failed: #a01a12; --open: #7a5000; --quiet: #666; --failed-wash: #fff; --passed-wash: #fff; --open-wash: #fff; }
  @page { margin: 16mm 15mm; }
  body { font-size: 9.5pt; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  main { padding: 0; max-width: none; } section { margin-top: 2.5rem; }
  .box, .timeline li, .criteria li, figure, tr { break-inside: avoid; } h2, h3, .group > header { break-after: avoid; }
  a { text-decoration: none; }
}
`;
