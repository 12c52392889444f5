/** Where an artifact lies in its bucket. */
export function artifactObject(digest: string): string {
  return `artifacts/${digest}.tar.gz`;
}
