import { readFileSync } from "node:fs";
import ts from "typescript";
import { parse } from "yaml";
import { z } from "zod";
import type { Shape } from "../../infra/settings/problem";
import { settingsSchema } from "../../infra/settings/settings";
import { touchesOf } from "./settings-touches";

type Zod = { _zod: { def: Record<string, unknown> } };

/** One setting that holds a value by itself. */
type Row = { key: string; type: string; rule: string; default: string; example: string; shown: unknown; about: string };

/** Where neither a default nor a stack's file of this repository shows one. */
const examples: Record<string, unknown> = {
  "backup.reason": "Ada Lovelace: nothing in this database yet",
  "backup.copyInstanceClass": "db.t4g.small",
  "app.build.platform": "linux-x64",
  "app.build.nodeVersion": "22.23.3",
  "maintenanceWindow.override.by": "Ada Lovelace",
  "maintenanceWindow.override.reason": "the fix of today's outage",
  "maintenanceWindow.override.until": "2026-11-26T14:30:00Z",
  "verification.browser.executable": "/usr/bin/chromium",
  "verification.pages[0].shows": "Sign in",
  "backup.exclude[0].table": "public.sessions",
  "backup.exclude[0].reason": "sessions are made again at the next login",
  "app.backend.ports.blue": 8001,
  "app.backend.ports.green": 8002,
  "preflight.externalApis[0].certificateAuthority": "/etc/ssl/our-authority.pem",
  "verification.pages[0].path": "/login",
  "verification.pages[0].as": "nobody",
  "contacts.team.lead.phone": "+49 30 1234567",
  "contacts.team.databaseAdmin.phone": "+49 30 1234567",
  "contacts.team.devOps.phone": "+49 30 1234567",
  "contacts.escalation.technicalLead.phone": "+49 30 1234567",
  "contacts.escalation.productOwner.phone": "+49 30 1234567",
  "contacts.escalation.onCall.phone": "+49 30 1234567",
  "signOffs[0].box": "POST-2.3",
  "signOffs[0].by": "Ada Lovelace",
  "signOffs[0].on": "2026-11-23",
  "database.maxStorageGiB": 200,
  "database.backupWindow.fromUtc": "03:00",
  "database.backupWindow.toUtc": "03:30",
  "database.upkeepWindow.day": "Sun",
  "database.upkeepWindow.fromUtc": "04:00",
  "database.upkeepWindow.toUtc": "04:30",
  "database.restoredFrom.snapshot": "prompt-library-mine-before-2",
  "database.restoredFrom.number": 1,
  "database.restoredFrom.lineage": "db-ABCDEFGHIJKLMNOP",
};

type JsonShape = Shape & {
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  anyOf?: JsonShape[];
};

/** docs/settings.md: every setting, from the schema and the comments in it. */
export function renderSettingsReference(): string {
  const groups = new Map<string, Row[]>();
  const comments = commentsOf("infra/settings/settings.ts", "Settings");
  for (const row of settingsRows(comments)) {
    const group = /^\w+(?=[.[])/.exec(row.key)?.[0] ?? "";
    groups.set(group, [...(groups.get(group) ?? []), row]);
  }
  const sections = [...groups].map(
    ([group, members]) =>
      `## ${group === "" ? "The deployment" : `\`${group}\``}\n\n${comments.get(group) ?? ""}\n\n| key | type, rule | default | example | a change reaches | what it is for |\n|---|---|---|---|---|---|\n${members.map(tableRow).join("\n")}\n`,
  );
  return `# Settings

Made from \`infra/settings\` by \`npx vitest run --project unit test/unit/settings-reference.test.ts -u\`; a test compares the two.
Each key is below \`prompt-library:\` in \`Pulumi.STACK.yaml\`. Set one by \`pulumi config set --path KEY VALUE\`; a text below a path
that looks like a number or a boolean needs \`--type string\`. \`npm run config -- STACK\` prints what a stack has.\n\nWhat a change reaches: the *release* is built again; a *slot* is what a release runs with, written to the idle slot and served once it is\nverified; *shared files* are the host's own, tested and loaded while it serves; *database*, *host* and *network* are resources at Amazon.\nA test changes each setting and compares slot and shared files with what the program then renders.

${sections.join("\n").replace(/\n{3,}/g, "\n\n")}`;
}

/** Every setting that holds a value, as the schema, the given comments in it and the stacks' files have it. */
export function settingsRows(comments: ReadonlyMap<string, string> = new Map()): Row[] {
  const json = z.toJSONSchema(settingsSchema, { io: "input", unrepresentable: "any" }) as JsonShape;
  const files = ["production", "staging", "rehearsal"].map((stack) => stackFile(stack));
  return rowsOf(json, settingsSchema as unknown as Zod, "", comments, files);
}

/** Keys that the reference shows no example of. */
export function keysWithoutExample(text: string): string[] {
  return text.split("\n").flatMap((line) => /^\| `([^|]+)` \|.*\| {2}\| [^|]*\| [^|]*\|$/.exec(line)?.[1] ?? []);
}

function tableRow({ key, type, rule, default: preset, example, about }: Row): string {
  const cells = [
    `\`${key}\``,
    [type, rule].filter(Boolean).join("; "),
    preset,
    example,
    touchesOf(key).join(", "),
    about,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replace(/\s+/g, " ")).join(" | ")} |`;
}

function rowsOf(
  shape: JsonShape,
  zod: Zod | undefined,
  key: string,
  comments: ReadonlyMap<string, string>,
  files: readonly unknown[],
): Row[] {
  const inner = unwrap(zod);
  const children = (inner?._zod.def.shape ?? {}) as Record<string, Zod>;
  const child = (name: string, next: JsonShape, nextZod: Zod | undefined) =>
    rowsOf(
      next,
      nextZod,
      name.startsWith("[") ? `${key}${name}` : key === "" ? name : `${key}.${name}`,
      comments,
      files,
    );
  if (shape.anyOf?.some(({ properties }) => properties !== undefined)) {
    const options = (inner?._zod.def.options ?? []) as Zod[];
    return shape.anyOf.flatMap((option, index) =>
      option.properties === undefined
        ? [leaf(option, options[index], key, comments, files)]
        : rowsOf(option, options[index], key, comments, files),
    );
  }
  if (shape.properties !== undefined)
    return Object.entries(shape.properties).flatMap(([name, next]) => child(name, next, children[name]));
  if (shape.items?.properties !== undefined)
    return child("[0]", shape.items, inner?._zod.def.element as Zod | undefined);
  if (typeof shape.additionalProperties === "object" && shape.additionalProperties.properties !== undefined)
    return child('["KEY"]', shape.additionalProperties, inner?._zod.def.valueType as Zod | undefined);
  return [leaf(shape, zod, key, comments, files)];
}

function leaf(
  shape: JsonShape,
  zod: Zod | undefined,
  key: string,
  comments: ReadonlyMap<string, string>,
  files: readonly unknown[],
): Row {
  const preset = presetOf(zod, shape);
  const shown = files
    .map((file) => at(file, key))
    .find((value) => value !== undefined && !/fill in|REHEARSAL_/i.test(String(value)));
  const example =
    key.startsWith("secrets.") || key.startsWith("keys.")
      ? "made by `npm run init`"
      : code(shown ?? preset ?? examples[key]);
  return {
    key,
    type: typeOf(shape),
    rule: rulesOf(zod, shape).join("; "),
    default: preset === undefined ? "" : code(preset),
    example,
    shown: shown ?? preset ?? examples[key],
    about: comments.get(key.replaceAll(/\[.*?\]/g, "")) ?? "",
  };
}

function typeOf(shape: JsonShape): string {
  const values = shape.enum ?? (shape.const === undefined ? undefined : [shape.const]);
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(" or ");
  if (shape.type === "array") return `list of ${typeOf((shape.items ?? {}) as JsonShape)}`;
  if (shape.type === "object")
    return `map of ${typeof shape.additionalProperties === "object" ? typeOf(shape.additionalProperties as JsonShape) : "any value"}`;
  const names: Record<string, string> = { string: "text", integer: "whole number", boolean: "true or false" };
  return names[shape.type ?? ""] ?? "any value";
}

/** What the schema says in words, and the limits of numbers. */
function rulesOf(zod: Zod | undefined, shape: JsonShape): string[] {
  const limits = [
    shape.minimum === undefined ? "" : `from ${shape.minimum}`,
    shape.maximum === undefined || shape.maximum === Number.MAX_SAFE_INTEGER ? "" : `to ${shape.maximum}`,
  ].filter(Boolean);
  const inner = unwrap(zod);
  const elements = inner?._zod.def.element ?? inner?._zod.def.valueType;
  return [
    ...(limits.length > 0 ? [limits.join(" ")] : []),
    ...wordsOf(inner),
    ...(elements === undefined ? [] : wordsOf(unwrap(elements as Zod))),
  ];
}

function wordsOf(zod: Zod | undefined): string[] {
  const own = zod?._zod.def as
    | { error?: (issue: unknown) => unknown; checks?: { _zod: { def: { error?: (issue: unknown) => unknown } } }[] }
    | undefined;
  const errors = [own?.error, ...(own?.checks ?? []).map((check) => check._zod.def.error)];
  return errors.flatMap((error) => {
    const said = error?.({});
    const words = typeof said === "string" ? said : (said as { message?: string } | undefined)?.message;
    return words === undefined ? [] : [words];
  });
}

/** The schema below defaults and the like. */
function unwrap(zod: Zod | undefined): Zod | undefined {
  const inner = (zod?._zod.def.innerType ?? zod?._zod.def.in) as Zod | undefined;
  return inner === undefined ? zod : unwrap(inner);
}

function presetOf(zod: Zod | undefined, shape: JsonShape): unknown {
  const def = zod?._zod.def;
  return def !== undefined && "defaultValue" in def && def.type === "default" ? def.defaultValue : shape.default;
}

function code(value: unknown): string {
  if (value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `\`${(text === "" ? '""' : text).replaceAll("`", "'")}\``;
}

function stackFile(stack: string): unknown {
  const { config } = parse(readFileSync(`Pulumi.${stack}.yaml`, "utf8")) as { config: Record<string, unknown> };
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace("prompt-library:", ""), value]));
}

function at(value: unknown, key: string): unknown {
  return key
    .replaceAll(/\[(\w+)\]/g, ".$1")
    .split(".")
    .reduce<unknown>(
      (inner, name) =>
        typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)[name] : undefined,
      value,
    );
}

/** The comment above each property of a type, by path. */
function commentsOf(file: string, name: string): Map<string, string> {
  const program = ts.createProgram([file], {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  const symbol = module && checker.getExportsOfModule(module).find((each) => each.name === name);
  const found = new Map<string, string>();
  const walk = (type: ts.Type, path: string, depth = 0) => {
    // JSON inside JSON has no end; no setting lies deeper.
    if (depth > 8) return;
    const parts = type.isUnion() ? type.types : [type];
    for (const part of parts) {
      const element = checker.isArrayType(part)
        ? checker.getTypeArguments(part as ts.TypeReference)[0]
        : part.getStringIndexType();
      if (element !== undefined) walk(element, path, depth + 1);
      if (checker.isArrayType(part) || !(part.flags & ts.TypeFlags.Object)) continue;
      for (const property of part.getProperties()) {
        const key = path === "" ? property.name : `${path}.${property.name}`;
        const comment = ts.displayPartsToString(property.getDocumentationComment(checker));
        if (comment !== "") found.set(key, comment);
        walk(checker.getNonNullableType(checker.getTypeOfSymbol(property)), key, depth + 1);
      }
    }
  };
  if (symbol !== undefined) walk(checker.getDeclaredTypeOfSymbol(symbol), "");
  return found;
}
