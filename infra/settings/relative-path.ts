import { z } from "zod";

export const relativePath = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith("/") && !path.split("/").includes(".."), {
    message: "must be a path inside the repository, without a leading / or a .. part",
  });
