import { XMLParser } from "fast-xml-parser";

export type Element = { [name: string]: (Element | string)[] };

const parser = new XMLParser({
  isArray: () => true,
  parseTagValue: false,
  ignoreAttributes: true,
  ignoreDeclaration: true,
});

export function parseXml(text: string): Element {
  return parser.parse(text) as Element;
}

/** All elements at the end of the path, at any of the elements on its way. */
export function elements(from: Element, ...path: string[]): Element[] {
  return values(from, path).filter((value): value is Element => typeof value === "object");
}

/** The text of the first element at the end of the path; "" where there is none. */
export function textAt(from: Element, ...path: string[]): string {
  return values(from, path).find((value): value is string => typeof value === "string") ?? "";
}

export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function values(from: Element, path: string[]): (Element | string)[] {
  let found: (Element | string)[] = [from];
  for (const name of path) found = found.flatMap((value) => (typeof value === "object" ? (value[name] ?? []) : []));
  return found;
}
