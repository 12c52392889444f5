import { z } from "zod";
import { withoutAddressPassword } from "../core/address-password";

/** What a place in the settings may hold, as JSON Schema says it. */
export type Shape = {
  type?: string;
  properties?: Record<string, Shape>;
  required?: string[];
  additionalProperties?: Shape | boolean;
  items?: Shape;
};

type Key = PropertyKey;

/** Everything wrong with one place of a stack's config: key, rule, value, and a remedy that works when it is pasted. */
export function explain(issue: z.core.$ZodIssue, schema: z.ZodType): string[] {
  const shape = shapeAt(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Shape, issue.path);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((name) => {
      const path = pulumiPath([...issue.path, name]);
      return problem(
        path,
        "is not a setting of this program",
        undefined,
        `pulumi config rm --path '${path}', or correct its spelling`,
      );
    });
  if (issue.input === undefined) return missing(issue.path, shape);
  const path = pulumiPath(issue.path);
  const isSecret = issue.path[0] === "secrets";
  return [problem(path, rule(issue), isSecret ? undefined : issue.input, remedyForWrong(issue, shape))];
}

export function problem(path: string, what: string, value: unknown, remedy: string): string {
  const shown = value === undefined ? "" : ` (it is ${withoutAddressPassword(JSON.stringify(value))})`;
  return `prompt-library:${path} ${what}${shown}. Remedy: ${remedy}`;
}

/** A group that is not there at all lacks each key that it needs. */
function missing(path: readonly Key[], shape: Shape | undefined): string[] {
  const needed = shape?.type === "object" ? (shape.required ?? []) : [];
  if (needed.length > 0) return needed.flatMap((name) => missing([...path, name], shape?.properties?.[name]));
  const remedy =
    path[0] === "secrets" || path[0] === "keys" ? "npm run init -- STACK creates it" : setCommand(path, shape);
  return [problem(pulumiPath(path), "is missing", undefined, remedy)];
}

/** `npm run init` leaves alone what is there. */
function remedyForWrong(issue: z.core.$ZodIssue, shape: Shape | undefined): string {
  const path = pulumiPath(issue.path);
  const [group, name] = issue.path.map(String);
  if (group === "keys" || (group === "secrets" && name?.endsWith("PrivateKey")))
    return `pulumi config rm --path '${path}', then npm run init -- STACK creates a new pair`;
  if (group === "secrets" && issue.path.length > 1)
    return `pulumi config set --secret --path '${path}', which asks for the value`;
  if (shape?.type === "string" && typeof issue.input !== "string" && typeof issue.input !== "object")
    return setCommand(issue.path, shape, String(issue.input));
  // Pulumi sets no value below one of another type.
  if (issue.code === "invalid_type" && (shape?.type === "object" || shape?.type === "array"))
    return `pulumi config rm --path '${path}', then set the keys below it; see docs/settings.md`;
  return setCommand(issue.path, shape);
}

/** Below a path, Pulumi stores what looks like a number or a boolean as one unless --type says otherwise. */
function setCommand(path: readonly Key[], shape: Shape | undefined, value = "VALUE"): string {
  if (shape?.type === "array") return setCommand([...path, 0], shape.items, value);
  if (shape?.type === "object" && typeof shape.additionalProperties === "object")
    return setCommand([...path, "KEY"], shape.additionalProperties, value);
  const isText = shape?.type === "string" && path.length > 1;
  return `pulumi config set --path ${isText ? "--type string " : ""}'${pulumiPath(path)}' ${value}`;
}

function shapeAt(shape: Shape | undefined, path: readonly Key[]): Shape | undefined {
  const [key, ...rest] = path;
  if (shape === undefined || key === undefined) return shape;
  const others = typeof shape.additionalProperties === "object" ? shape.additionalProperties : undefined;
  return shapeAt(shape.items ?? shape.properties?.[String(key)] ?? others, rest);
}

/** As `pulumi config --path` reads it. */
export function pulumiPath(path: readonly Key[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    const name = String(key);
    if (!/^[A-Za-z_]\w*$/.test(name)) return `${text}["${name}"]`;
    return text === "" ? name : `${text}.${name}`;
  }, "");
}

export function rule(issue: z.core.$ZodIssue): string {
  return /^must /.test(issue.message) ? issue.message : issue.message.replace(/^(Invalid input: )?/, "");
}
