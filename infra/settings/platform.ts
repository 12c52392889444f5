import { z } from "zod";
import { migrationSettings } from "./migrations";
import { takenDatabases } from "./reserved-names";
import { timeOfDay, windowMinutes } from "./time-of-day";

/** EC2 and its provider take a range by its first address alone. */
const ipv4Range = z
  .cidrv4({ message: "must be an IPv4 range such as 10.20.0.0/16", abort: true })
  .refine(beginsAtItsFirstAddress, { message: "must start at the first address of its range, such as 10.20.0.0/16" });

export const targetSettings = z.strictObject({
  account: z.string().regex(/^\d{12}$/, "must be the 12 digits of the AWS account"),
  region: z.string().min(1),
});

export const networkSettings = z.strictObject({
  /** A /16 of which four /24 are used. */
  cidrBlock: ipv4Range.refine((range) => range.endsWith("/16"), { message: "must be a /16 such as 10.20.0.0/16" }),
  /** The name that users type; its certificate is `keys.tlsCertificate`. */
  publicName: z.string().regex(/^[a-z0-9.-]+$/, "must be a DNS name in lower case"),
  /**
   * Who signed that certificate: `public` for one that browsers know (or for the one that `npm run init` makes), or the path of a PEM
   * file for an authority of your own.
   */
  certificateAuthority: z.string().min(1).default("public"),
  sshFrom: z.array(ipv4Range).min(1),
  httpsFrom: z.array(ipv4Range).min(1).default(["0.0.0.0/0"]),
  /** The longest request body that reaches the backend; a longer one is answered 413. */
  maxBodyMiB: z.int().min(1).max(10_240).default(25),
  /** Which origins may show the pages in a frame, unless the application says so itself. */
  frameAncestors: z
    .array(
      z
        .string()
        .regex(
          /^('self'|'none'|https:\/\/(\*\.)?[a-z0-9.-]+(:\d+)?)$/,
          "must be 'self', 'none' or an origin such as https://portal.example",
        ),
    )
    .min(1)
    .default(["'self'"]),
});

/** RDS's own rule for its windows. */
const halfHour = [
  (window: { fromUtc: string; toUtc: string }) => windowMinutes(window) >= 30,
  { message: "must be at least 30 minutes long" },
] as const;

export const databaseSettings = z.strictObject({
  engineVersion: z
    .string()
    .regex(/^\d+(\.\d+)?$/, "must be a PostgreSQL version such as 17 or 17.5")
    .refine((version) => Number.parseInt(version, 10) >= 15, { message: "must be 15 or newer" }),
  instanceClass: z.string().regex(/^db\.[a-z0-9-]+\.[a-z0-9]+$/, "must be an RDS instance class such as db.t4g.small"),
  storageGiB: z.int().min(20).max(65536),
  /** How far RDS may let the storage grow by itself when it fills up; without it, it stays as it is. */
  maxStorageGiB: z.int().min(22).max(65536).optional(),
  multiAz: z.boolean().default(false),
  backupRetentionDays: z.int().min(1).max(35),
  /** When RDS makes its own backup, each day, in UTC; it takes no other snapshot meanwhile. */
  backupWindow: z
    .strictObject({ fromUtc: timeOfDay, toUtc: timeOfDay })
    .refine(...halfHour)
    .default({ fromUtc: "00:30", toUtc: "01:00" }),
  /** RDS's maintenance window, in UTC: when it may restart the instance for what Amazon itself has to change. */
  upkeepWindow: z
    .strictObject({
      day: z.enum(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]),
      fromUtc: timeOfDay,
      toUtc: timeOfDay,
    })
    .refine(...halfHour)
    .default({ day: "Sun", fromUtc: "04:30", toUtc: "05:00" }),
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/, "must be a PostgreSQL name in lower case")
    .refine((name) => !takenDatabases.has(name), {
      message: "must not be a name that PostgreSQL, RDS or PgBouncer reserves",
    }),
  /** `amazon`, or the path of a PEM file: who signs the server's certificate. */
  certificateAuthority: z.string().min(1).default("amazon"),
  /** Written by `npm run restore`: which snapshot the instance began as. It stays; taking it away would make an empty one. */
  restoredFrom: z
    .strictObject({
      snapshot: z.string().min(1),
      /** Counts the stack's restores: each has an instance of another name. */
      number: z.int().min(1),
      /** Resource id of the instance that began empty: the roles made in it came along in the snapshot. */
      lineage: z.string().min(1),
    })
    .optional(),
  /** Lock budget of a migration's statement, in milliseconds. */
  lockTimeoutMs: z.int().min(10).max(60_000).default(200),
  /** How long one statement of a migration may run that holds others up, in milliseconds. */
  statementTimeoutMs: z.int().min(100).default(10_000),
  /** How long a migration continues trying for its locks, in milliseconds. */
  migrationDeadlineMs: z.int().min(1_000).default(600_000),
  ...migrationSettings,
});

export const hostSettings = z.strictObject({
  instanceType: z
    .string()
    .regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, "must be an EC2 instance type such as t3.medium")
    // Graviton's families have a g behind their generation: t4g, m7gd, c6gn, im4gn; a1 was the first.
    .refine((type) => !/^(a1|[a-z]+\d+g[a-z]*)\./.test(type), {
      message: "must be of an x86-64 family, such as t3.medium: image and artifacts are not built for ARM",
    }),
  rootVolumeGiB: z.int().min(8),
  /** Of the data volume that holds `app.sharedDirectories`; EBS lets it grow, never shrink. */
  dataVolumeGiB: z.int().min(1).max(16384).default(10),
  sshUser: z.string().regex(/^[a-z][a-z0-9-]*$/, "must be a Linux user's name"),
  /** Debian's own images are owned by 136693071363. */
  imageOwner: z.string().min(1).default("136693071363"),
  imageName: z.string().min(1).default("debian-12-amd64-*"),
  /** Local port of the tunnel to the database; one per stack, the same in each run, since provider settings are compared. */
  tunnelPort: z.int().min(1024).max(65535),
  /** Releases kept on the host beside the serving and the last good one. */
  keepReleases: z.int().min(2).max(50).default(5),
});

/** Public halves; the private ones are in `secrets`. `npm run init -- STACK` makes both. */
export const keySettings = z.strictObject({
  ssh: z.string().regex(/^ssh-ed25519 \S+/, "must be an ed25519 public key in OpenSSH's format"),
  tlsCertificate: z.string().includes("BEGIN CERTIFICATE", "must be a certificate chain in PEM"),
  /** Holds a report against its signature. */
  report: z.string().includes("BEGIN PUBLIC KEY", "must be an Ed25519 public key in PEM"),
});

const password = z
  .string()
  .min(16)
  .regex(/^[A-Za-z0-9_-]+$/, "must consist of letters, digits, - and _ (the application does not URL-decode it)");

export const secretSettings = z.strictObject({
  masterPassword: password,
  ownerPassword: password,
  appPassword: password,
  readonlyPassword: password,
  sshPrivateKey: z.string().includes("PRIVATE KEY", "must be a private key in OpenSSH's format"),
  tlsPrivateKey: z.string().includes("PRIVATE KEY", "must be a private key in PEM"),
  /** Signs reports. */
  reportPrivateKey: z.string().includes("PRIVATE KEY", "must be an Ed25519 private key in PEM"),
  adminPassword: z.string().min(8),
  /** Of the account that verification uses as an ordinary user. */
  checkPassword: z.string().min(12),
  /** Tokens in place of logins, for applications whose admin nobody may log in as. */
  adminToken: z.string().min(1).optional(),
  userToken: z.string().min(1).optional(),
  /** Whatever the application's variables name as `${secrets.app.NAME}`. */
  app: z.record(z.string(), z.string().min(1)).default({}),
});

function beginsAtItsFirstAddress(range: string): boolean {
  const [address = "", bits = ""] = range.split("/");
  const bytes = address.split(".").map(Number);
  return bytes.every((byte, index) => byte % 2 ** Math.min(8, Math.max(0, 8 * (index + 1) - Number(bits))) === 0);
}
