import type { Pair } from "../../core/compatibility";
import { reach } from "../contacts";
import { byRole, roleName } from "../format";
import type { Dependency, Person } from "../header";
import type { Report } from "../shape";
import { html, type Markup } from "./markup";

/** What was deployed, where, and the rollback. */
export function particulars({ header, requests }: Report): Markup {
  const budget =
    requests === undefined
      ? undefined
      : `${requests.used} of ${requests.limit} that one verification may send (the application counts them over ${requests.windowMinutes} minutes); ${requests.refused} refused by its limit`;
  return html`<section aria-labelledby="particulars"><h2 id="particulars">What was deployed, and the way back</h2>
<dl class="facts">${[
    fact(
      "From",
      header.from === undefined
        ? "not known: the run stopped before it could ask"
        : header.from === null
          ? "nothing, this is the first deployment"
          : nameOf(header.from),
    ),
    fact("To", nameOf(header.to)),
    header.wayBack === undefined ? undefined : fact("Way back", header.wayBack),
    fact("Commit", html`<code>${header.commit}</code>`),
    fact("Artifact", header.artifactDigest === null ? "none was built" : html`<code>${header.artifactDigest}</code>`),
    fact("Host", header.host),
    header.publicUrl === undefined ? undefined : fact("Public name", header.publicUrl),
    budget === undefined ? undefined : fact("Requests", budget),
    header.snapshot === null
      ? fact("Snapshot", "none was made: the schema was not to change, or the run stopped before it")
      : fact("Snapshot", html`<code>${header.snapshot.id}</code>`),
    header.snapshot === null ? undefined : fact("Restore", html`<pre>${header.snapshot.restoreCommand}</pre>`),
  ]}</dl></section>`;
}

function nameOf({ release, schemaVersion }: Pair): string {
  return `${release}, schema ${schemaVersion}`;
}

function fact(name: string, value: string | Markup): Markup {
  return html`<dt>${name}</dt><dd>${value}</dd>
`;
}

/** Whom to call. */
export function people({ header }: Report): Markup {
  return html`<section aria-labelledby="people"><h2 id="people">Whom to call</h2><div class="people">
<div><h3>Deployment team</h3><ul>${byRole(header.contacts).map(person)}</ul></div>
<div><h3>Escalation</h3><ul>${byRole(header.escalation).map(person)}</ul></div>
<div><h3>External dependencies</h3><ul>${byRole(header.dependencies).map(dependency)}</ul></div>
</div></section>`;
}

function person([role, entry]: [string, Person]): Markup {
  return html`<li>${entry.name}<br><span class="small">${[roleName(role), ...reach(entry)].join(", ")}</span></li>
`;
}

function dependency([role, entry]: [string, Dependency]): Markup {
  return html`<li>${entry.name}<br><span class="small">${roleName(role)}, ${entry.contact}</span></li>
`;
}
