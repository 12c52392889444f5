import * as pulumi from "@pulumi/pulumi";

const everyMs = 60_000;

/**
 * Says once a minute that a resource is still being made or changed, and since when: Amazon takes most of an hour for a database, and
 * a CI log shows nothing meanwhile.
 */
export function sayWhileWaiting(what: string, resource: pulumi.CustomResource): void {
  if (pulumi.runtime.isDryRun()) return;
  const since = new Date();
  const timer = setInterval(() => {
    const minutes = Math.round((Date.now() - since.getTime()) / 60_000);
    void pulumi.log.info(
      `still waiting for ${what} (for ${minutes} min, since ${since.toISOString().slice(11, 16)} UTC)`,
      resource,
    );
  }, everyMs).unref();
  resource.id.apply(() => clearInterval(timer));
}
