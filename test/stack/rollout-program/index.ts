import * as pulumi from "@pulumi/pulumi";
import { Rollout } from "../../../infra/stack/rollout";

const config = new pulumi.Config();
const release = config.require("release");
const schemaVersion = config.requireNumber("schemaVersion");

/** Records `PHASE RELEASE SCHEMA` in $ROLLOUT_LOG, and fails in the phase that the file $ROLLOUT_FAIL_AT names. */
const recorder = (phase: string) => `
input=$(cat)
release=$(printf %s "$input" | sed 's/.*"release":"\\([^"]*\\)".*/\\1/')
schema=$(printf %s "$input" | sed 's/.*"schemaVersion":\\([0-9]*\\).*/\\1/')
echo "${phase} $release $schema" >>"$ROLLOUT_LOG"
if [ "$(cat "$ROLLOUT_FAIL_AT")" = ${phase} ]; then echo "${phase} was told to fail" >&2; exit 1; fi
printf '${phase} 0.1 s: %s was recorded [run %s of a]' "$release" "$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')"`;

new Rollout("recorded", {
  headline: `${release}, schema ${schemaVersion}`,
  input: { release, schemaVersion, secret: "not-for-the-state" },
  commandOf: recorder,
});
