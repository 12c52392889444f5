/** A request's body from its template in config: `${name}` and the like filled in, at any depth. */
export function fillBody(template: unknown, values: Readonly<Record<string, string>>): unknown {
  if (typeof template === "string")
    return template.replace(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
  if (Array.isArray(template)) return template.map((inner) => fillBody(inner, values));
  if (typeof template === "object" && template !== null)
    return Object.fromEntries(Object.entries(template).map(([key, inner]) => [key, fillBody(inner, values)]));
  return template;
}
