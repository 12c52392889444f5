export const archivePrefix = "artifacts/";
export const indexPrefix = `${archivePrefix}index/`;

/** Where an artifact is stored in its bucket. */
export function artifactObject(digest: string): string {
  return `${archivePrefix}${digest}.tar.gz`;
}

/** What lies there; nothing for what is no artifact. */
export function digestOfObject(key: string): string | undefined {
  return /^artifacts\/([0-9a-f]{64})\.tar\.gz$/.exec(key)?.[1];
}

/** What a build of that identity gave: another machine finds it here. */
export function indexObject(key: string): string {
  return `${indexPrefix}${key}.json`;
}
