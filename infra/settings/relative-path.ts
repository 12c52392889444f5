import { z } from "zod";

export const relativePath = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith("/") && !path.split("/").includes(".."), {
    message: "must be a path inside the repository, without a leading / or a .. part",
  });

/** One that is spelled in a single way, and is not the repository itself. */
export const ownDirectory = relativePath.refine(
  // A / at either end has its own message.
  (path) =>
    path
      .replace(/^\/+|\/+$/g, "")
      .split("/")
      .every((part) => part !== "." && part !== ""),
  { message: "must name a directory inside the repository, without a . part or doubled /" },
);
