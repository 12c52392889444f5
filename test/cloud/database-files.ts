/** Where a cluster's parts lie; all belong to the operating system's user postgres. */
export interface ClusterPaths {
  data: string;
  socket: string;
  certificate: string;
  key: string;
}

export interface ClusterSettings {
  address: string;
  port: number;
  /** Names and values as in the parameter group. */
  parameters: Readonly<Record<string, string>>;
}

/** The parameters of RDS's own that are no PostgreSQL's. */
export function isRdsParameter(name: string): boolean {
  return name.startsWith("rds.");
}

const quote = (value: string) => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;

/**
 * The whole postgresql.conf. RDS loads pg_stat_statements by default and encrypts passwords by SCRAM. It logs no statement unless a stack
 * wants it to; here those that make and change roles are logged, so that a test finds the password in one.
 */
export function postgresqlConf(paths: ClusterPaths, { address, port, parameters }: ClusterSettings): string {
  const values: Record<string, string> = {
    shared_preload_libraries: "pg_stat_statements",
    max_connections: "100",
    log_statement: "ddl",
    log_timezone: "UTC",
    timezone: "UTC",
    log_line_prefix: "%t:%r:%u@%d:[%p]:",
    password_encryption: "scram-sha-256",
    ssl_min_protocol_version: "TLSv1.2",
    ...Object.fromEntries(Object.entries(parameters).filter(([name]) => !isRdsParameter(name))),
    ...(parameters["rds.logical_replication"] === "1" ? { wal_level: "logical" } : {}),
    listen_addresses: address,
    port: String(port),
    unix_socket_directories: paths.socket,
    hba_file: `${paths.data}/pg_hba.conf`,
    ident_file: `${paths.data}/pg_ident.conf`,
    ssl: "on",
    ssl_cert_file: paths.certificate,
    ssl_key_file: paths.key,
  };
  return Object.entries(values)
    .map(([name, value]) => `${name} = ${quote(value)}\n`)
    .join("");
}

/** RDS forces TLS from PostgreSQL 15 on unless its parameter group says otherwise. */
export function forcesTls(parameters: Readonly<Record<string, string>>): boolean {
  return (parameters["rds.force_ssl"] ?? "1") === "1";
}

/** `rdsadmin`, the superuser, comes from this machine's postgres user only; everyone else from the hosts let in. */
export function pgHba(hostAddresses: readonly string[], isTlsForced: boolean): string {
  const type = isTlsForced ? "hostssl" : "host";
  return [
    "local all rdsadmin peer map=cloud",
    "local replication rdsadmin peer map=cloud",
    "host all rdsadmin all reject",
    ...[...hostAddresses].sort().map((address) => `${type} all all ${address}/32 scram-sha-256`),
    "",
  ].join("\n");
}

export const pgIdent = "cloud postgres rdsadmin\n";

const identifier = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** What rds_superuser may grant, as dumps of RDS's roles show it; of PostgreSQL 18 none was found. */
function grantable(major: number): string {
  return [
    "pg_monitor, pg_signal_backend, pg_checkpoint, pg_read_all_data, pg_write_all_data, rds_replication, rds_password",
    ...(major >= 16 ? ["pg_create_subscription, pg_use_reserved_connections"] : []),
    ...(major >= 17 ? ["pg_maintain"] : []),
  ].join(", ");
}

/**
 * RDS's master user: no superuser, and a member of rds_superuser. Before PostgreSQL 16 CREATEROLE suffices to grant any role that is no
 * superuser; since then it takes a role's ADMIN OPTION, which who creates a role has. RDS's own PostgreSQL lets members of rds_superuser
 * grant more than this one does.
 */
export function firstRoles(major: number, masterUser: string, password: string, database: string | null): string {
  const master = identifier(masterUser);
  return [
    "CREATE ROLE rds_superuser NOLOGIN;",
    "CREATE ROLE rds_replication NOLOGIN;",
    "CREATE ROLE rds_password NOLOGIN;",
    `GRANT ${grantable(major)} TO rds_superuser WITH ADMIN OPTION;`,
    `CREATE ROLE ${master} LOGIN CREATEROLE CREATEDB PASSWORD ${quoteSql(password)} VALID UNTIL 'infinity';`,
    `GRANT rds_superuser TO ${master};`,
    `ALTER DATABASE postgres OWNER TO ${master};`,
    ...(database && database !== "postgres" ? [`CREATE DATABASE ${identifier(database)} OWNER ${master};`] : []),
    "",
  ].join("\n");
}

export function changePassword(masterUser: string, password: string): string {
  return `ALTER ROLE ${identifier(masterUser)} PASSWORD ${quoteSql(password)};\n`;
}

function quoteSql(value: string): string {
  return value.includes("\\")
    ? ` E'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`
    : `'${value.replaceAll("'", "''")}'`;
}

/** Extensions of PostgreSQL's contrib that RDS allows its master user and that aren't trusted by themselves. */
export const allowedExtensions = [
  "pg_stat_statements",
  "amcheck",
  "pg_buffercache",
  "pg_prewarm",
  "pg_visibility",
  "pgrowlocks",
  "pgstattuple",
  "postgres_fdw",
  "dblink",
  "sslinfo",
];

/** `trusted`: whoever may create in a database may create the extension there, its script running as superuser. */
export function trustedControl(control: string): string {
  return `${control.replace(/^\s*trusted\s*=.*\n/gm, "").trimEnd()}\ntrusted = true\n`;
}

/**
 * What RDS grants beyond the extension's own script, appended to the last script of its newest version: the functions, whose arguments each
 * version has its own. Whether it grants amcheck's Amazon's documents don't say: the backup gate does without them too.
 */
export const extensionGrants: Readonly<Record<string, string>> = {
  amcheck: grantFunctions("bt_index_check", "bt_index_parent_check", "verify_heapam"),
  pg_stat_statements: grantFunctions("pg_stat_statements_reset"),
};

/** In an extension's script its schema is the current one. */
function grantFunctions(...names: string[]): string {
  return `DO $grants$
DECLARE granted regprocedure;
BEGIN
  FOR granted IN
    SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = current_schema() AND p.proname IN (${names.map(quoteSql).join(", ")})
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO rds_superuser', granted);
  END LOOP;
END $grants$;
`;
}

export interface PostmasterArgs {
  binaries: string;
  data: string;
  /** Files mounted over the machine's own, for this cluster alone. */
  overrides: readonly { from: string; over: string }[];
}

/** In a mount namespace of its own, so that the machine's own files stay as they are. */
export function postmasterScript({ binaries, data, overrides }: PostmasterArgs): string {
  return [
    "set -e",
    ...overrides.map(({ from, over }) => `mount --bind ${from} ${over}`),
    `exec setpriv --reuid=postgres --regid=postgres --init-groups ${binaries}/postgres -D ${data}`,
  ].join("\n");
}
