import { HeadObjectCommand, NotFound } from "@aws-sdk/client-s3";
import type { HostState } from "../context/host-state";
import type { StepInput } from "../context/input";
import { s3Client } from "../core/aws-client";
import { artifactObject } from "../release/artifact/object";
import { ask, type Section } from "./finding";

/** Whether the bucket still holds the artifact of the release that serves: a replaced host fetches it there. */
export async function diagnoseArtifact(input: StepInput, state: HostState): Promise<Section> {
  const { bucket, stack, settings } = input;
  const section: Section = { title: "The artifact", asked: [], findings: [] };
  const content = state.serving === null ? state.staged : state.slots[state.serving];
  if (content === null) return section;
  const storeAgain = `pulumi config set attempt ${settings.attempt + 1} --stack ${stack}\npulumi up --stack ${stack}`;
  const object = artifactObject(content.digest);
  await ask(
    section,
    `s3://${bucket}/${object}`,
    async () => {
      try {
        const found = await s3Client(settings.target.region).send(
          new HeadObjectCommand({ Bucket: bucket, Key: object }),
        );
        return `${Math.round((found.ContentLength ?? 0) / 1_048_576)} MiB`;
      } catch (error) {
        if (!(error instanceof NotFound)) throw error;
        section.findings.push({
          what: `the artifact of ${content.release} is gone from s3://${bucket}`,
          means:
            "The host has it unpacked and serves; a host that replaces it would find nothing. The next run stores it again.",
          command: storeAgain,
        });
        return "gone";
      }
    },
    {
      means: "The bucket does not answer, so nobody knows whether a host could fetch the release.",
      command: storeAgain,
    },
  );
  return section;
}
