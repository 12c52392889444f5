/** Whether the backend answers this path: a prefix that ends in `/` means all below it, another one that path alone. */
export function isBackendPath(path: string, prefixes: readonly string[]): boolean {
  const [bare = ""] = path.split("?");
  return prefixes.some((prefix) => (prefix.endsWith("/") ? bare.startsWith(prefix) : bare === prefix));
}
