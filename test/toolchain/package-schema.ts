import { z } from "zod";
import type { SchemaUse } from "./schema-uses";

interface TypeReference {
  type?: string | undefined;
  $ref?: string | undefined;
  items?: TypeReference | undefined;
  additionalProperties?: TypeReference | undefined;
}

const Reference: z.ZodType<TypeReference> = z.lazy(() =>
  z.object({
    type: z.string().optional(),
    $ref: z.string().optional(),
    items: Reference.optional(),
    additionalProperties: Reference.optional(),
  }),
);
const Properties = z.record(z.string(), Reference);

/** As much of Pulumi's package schema as it takes to hold a program against it. */
export const PackageSchema = z.object({
  resources: z.record(
    z.string(),
    z.object({ inputProperties: Properties.default({}), requiredInputs: z.array(z.string()).default([]) }),
  ),
  functions: z.record(z.string(), z.object({ inputs: z.object({ properties: Properties.default({}) }).optional() })),
  types: z.record(z.string(), z.object({ properties: Properties.default({}) })),
});
export type PackageSchema = z.infer<typeof PackageSchema>;

/** What the plugin that runs doesn't know of what the program uses: a line each, with the place and the remedy. */
export function unknownToPlugin(schema: PackageSchema, uses: readonly SchemaUse[]): string[] {
  return uses.flatMap(({ type, properties, at }) => {
    const declared = declaredInputs(schema, type);
    if (declared === null)
      return [`${at}: the plugin has no aws type ${type}. Remedy: a line for it in test/toolchain/aws/tokens.txt`];
    const missing = declared.required.filter((name) => properties.length > 0 && !properties.includes(name));
    return [
      ...properties
        .filter((path) => !isKnown(schema, declared.properties, path.split(".")))
        .map((path) => `${at}: ${type} of the plugin has no property ${path}`),
      ...missing.map((name) => `${at}: ${type} of the plugin asks for ${name}`),
    ];
  });
}

type Inputs = { properties: Record<string, TypeReference>; required: string[] };

/** `ec2/Instance` is `aws:ec2/instance:Instance` there, `getRegion` is `aws:index/getRegion:getRegion`. */
function declaredInputs(schema: PackageSchema, type: string): Inputs | null {
  const parts = type.split("/");
  const name = parts.pop() ?? "";
  const token = `aws:${parts.join("/") || "index"}/${name.charAt(0).toLowerCase()}${name.slice(1)}:${name}`;
  const resource = schema.resources[token];
  if (resource) return { properties: resource.inputProperties, required: resource.requiredInputs };
  const found = schema.functions[token];
  return found ? { properties: found.inputs?.properties ?? {}, required: [] } : null;
}

function isKnown(schema: PackageSchema, properties: Record<string, TypeReference>, path: readonly string[]): boolean {
  const [first, ...rest] = path;
  const reference = first === undefined ? undefined : properties[first];
  if (!reference) return false;
  if (rest.length === 0) return true;
  let inner: TypeReference = reference;
  while (inner.items) inner = inner.items;
  // A map, such as tags: any key is one.
  if (inner.additionalProperties) return true;
  const type = inner.$ref?.startsWith("#/types/") ? schema.types[inner.$ref.slice("#/types/".length)] : undefined;
  return type !== undefined && isKnown(schema, type.properties, rest);
}
