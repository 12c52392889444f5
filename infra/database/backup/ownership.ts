import type { Tag } from "@aws-sdk/client-rds";

/** On what a deployment makes in the cloud beside Pulumi's resources; how the next one finds it. */
export const madeBy = "prompt-library-deployment";

/**
 * Whose a copy or a snapshot is. An account may hold two applications with a stack of the same name, and a stack that was destroyed and
 * made again: none of them removes or prunes what another one made.
 */
export type StackOwner = {
  application: string;
  stack: string;
  /** Resource id of the instance that began empty: that of a restored one is another, and what was made before it stays ours. */
  database: string;
};

export function tagList(owner: StackOwner, tags: Readonly<Partial<Record<string, string>>>): Tag[] {
  const { application, stack, database } = owner;
  return tagsOnly({ "made-by": madeBy, application, stack, database, ...tags });
}

export function tagsOnly(tags: Readonly<Partial<Record<string, string>>>): Tag[] {
  return Object.entries(tags)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([Key, Value]) => ({ Key, Value: Value ?? "" }));
}

export function tagsOf(tags: readonly Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
}

export function isOwn(tags: Readonly<Partial<Record<string, string>>>, owner: StackOwner): boolean {
  const isOfStack = tags["made-by"] === madeBy && tags.application === owner.application && tags.stack === owner.stack;
  return isOfStack && tags.database === owner.database;
}
