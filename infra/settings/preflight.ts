import { z } from "zod";
import { relativePath } from "./relative-path";

const externalApi = z.strictObject({
  host: z.string().regex(/^[a-z0-9.-]+$/, "must be a DNS name in lower case"),
  port: z.int().min(1).max(65535).default(443),
  /** PEM file of who signs its certificate, where that is nobody whom Debian trusts. */
  certificateAuthority: z.string().min(1).optional(),
});

/** What must hold before anything changes, beyond what the program knows by itself. */
export const preflightSettings = z
  .strictObject({
    /** A release's commit is on one of these; a name may end in `*`. */
    releaseBranches: z.array(z.string().min(1)).min(1).default(["main"]),
    /**
     * Asks whether CI has passed for a commit: run by `sh -c` on the machine that runs Pulumi, with RELEASE and COMMIT in its
     * environment. It ends with 0 where CI has passed; what it prints is the evidence.
     */
    ciStatusCommand: z.string().min(1).optional(),
    /** Whether a deployment without that answer is refused. */
    ciStatusRequired: z.boolean().default(false),
    /** Where a release declares the variables that it needs, as NAME= lines, optional ones commented out; or `none`. */
    variablesFile: relativePath.default("interface/backend/.env.example"),
    /** What the host has to reach, each asked for a TLS connection. */
    externalApis: z.array(externalApi).default([]),
    /** Days that a certificate must still hold. */
    certificateDaysLeft: z.int().min(1).max(365).default(14),
  })
  .refine((preflight) => !preflight.ciStatusRequired || preflight.ciStatusCommand !== undefined, {
    path: ["ciStatusCommand"],
    message: "is required when preflight.ciStatusRequired is true",
  });
