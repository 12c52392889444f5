import { afterwards } from "./boxes/afterwards";
import { deployment } from "./boxes/deployment";
import { operation } from "./boxes/operation";
import { preparation } from "./boxes/preparation";
import { rollback } from "./boxes/rollback";
import { success } from "./boxes/success";
import { verification } from "./boxes/verification";

/** The whole checklist in its own order. */
const sections = [
  ...preparation,
  ...deployment,
  ...verification,
  ...rollback,
  ...operation,
  ...afterwards,
  ...success,
] as const;

export type BoxId = (typeof sections)[number]["lines"][number][0];

export type Box = {
  readonly id: BoxId;
  readonly title: string;
  readonly chapter: string;
  readonly section: string;
  readonly provedBy: string;
};

export const boxes: readonly Box[] = sections.flatMap(({ chapter, name, lines }) =>
  lines.map(([id, title, provedBy]) => ({ id, title, chapter, section: name, provedBy })),
);

export const boxIds = boxes.map((box) => box.id);

const known: ReadonlySet<string> = new Set(boxIds);

export function isBoxId(text: string): text is BoxId {
  return known.has(text);
}
