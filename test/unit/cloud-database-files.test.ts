import { expect, test } from "vitest";
import {
  firstRoles,
  forcesTls,
  pgHba,
  postgresqlConf,
  postmasterScript,
  trustedControl,
} from "../cloud/database-files";
import { isWithin } from "../cloud/security-groups";
import { databaseAddress } from "../cloud/subnet-address";

const paths = { data: "/db/data", socket: "/db", certificate: "/db/tls/server.crt", key: "/db/tls/server.key" };

test("postgresql.conf: the parameter group over RDS's defaults, the cloud's own over both", () => {
  const parameters = {
    "rds.force_ssl": "1",
    shared_preload_libraries: "pg_stat_statements,auto_explain",
    log_line_prefix: "it's ",
    port: "1",
  };
  expect(
    postgresqlConf(paths, { address: "10.20.1.254", port: 5432, parameters }),
  ).toBe(`shared_preload_libraries = 'pg_stat_statements,auto_explain'
max_connections = '100'
log_statement = 'ddl'
log_timezone = 'UTC'
timezone = 'UTC'
log_line_prefix = 'it''s '
password_encryption = 'scram-sha-256'
ssl_min_protocol_version = 'TLSv1.2'
port = '5432'
listen_addresses = '10.20.1.254'
unix_socket_directories = '/db'
hba_file = '/db/data/pg_hba.conf'
ident_file = '/db/data/pg_ident.conf'
ssl = 'on'
ssl_cert_file = '/db/tls/server.crt'
ssl_key_file = '/db/tls/server.key'
`);
});

test("pg_hba.conf lets in the hosts that it is given and nobody else, by TLS unless the group says otherwise", () => {
  expect(pgHba(["10.20.0.5", "10.20.0.4"], true)).toBe(`local all rdsadmin peer map=cloud
local replication rdsadmin peer map=cloud
host all rdsadmin all reject
hostssl all all 10.20.0.4/32 scram-sha-256
hostssl all all 10.20.0.5/32 scram-sha-256
`);
  expect(pgHba(["10.20.0.4"], false)).toContain("\nhost all all 10.20.0.4/32 scram-sha-256\n");
  expect(pgHba([], true)).not.toMatch(/scram/);
  expect([forcesTls({}), forcesTls({ "rds.force_ssl": "1" }), forcesTls({ "rds.force_ssl": "0" })]).toEqual([
    true,
    true,
    false,
  ]);
});

test("the master user's name and password are quoted, and it is no superuser", () => {
  const sql = firstRoles(17, 'odd"name', "it's\\so", "library");
  expect(sql).toContain(
    `CREATE ROLE "odd""name" LOGIN CREATEROLE CREATEDB PASSWORD  E'it''s\\\\so' VALID UNTIL 'infinity';`,
  );
  expect(sql).toContain(`CREATE DATABASE "library" OWNER "odd""name";`);
  expect(sql).not.toMatch(/SUPERUSER;|LOGIN SUPERUSER/);
  expect(firstRoles(17, "master", "password", "postgres")).not.toContain("CREATE DATABASE");
});

test("rds_superuser may grant what it may on RDS: pg_monitor, but none of the roles that this one holds", () => {
  const grants = (major: number) =>
    /GRANT (.*) TO rds_superuser/.exec(firstRoles(major, "master", "password", null))?.[1];
  expect(grants(15)).toBe(
    "pg_monitor, pg_signal_backend, pg_checkpoint, pg_read_all_data, pg_write_all_data, rds_replication, rds_password",
  );
  expect(grants(16)).toBe(`${grants(15)}, pg_create_subscription, pg_use_reserved_connections`);
  expect(grants(17)).toBe(`${grants(16)}, pg_maintain`);
});

test("an extension's control file says trusted once", () => {
  expect(trustedControl("comment = 'x'\ntrusted = false\nrelocatable = true\n")).toBe(
    "comment = 'x'\nrelocatable = true\ntrusted = true\n",
  );
});

test("the postmaster gets its own extension files in a mount namespace, and postgres' user", () => {
  expect(
    postmasterScript({
      binaries: "/pg/bin",
      data: "/db/data",
      overrides: [{ from: "/a.control", over: "/share/a.control" }],
    }),
  ).toBe(`set -e
mount --bind /a.control /share/a.control
exec setpriv --reuid=postgres --regid=postgres --init-groups /pg/bin/postgres -D /db/data`);
});

test("a database's address lies in its first subnet, away from its beginning and its broadcast address, each another", () => {
  const ranges = ["10.20.2.0/24", "10.20.1.0/24"];
  expect(databaseAddress(ranges, 1)).toBe("10.20.1.254");
  const addresses = Array.from({ length: 40 }, (_, index) => databaseAddress(ranges, index + 1));
  expect(new Set(addresses).size).toBe(40);
  for (const address of addresses) expect(isWithin(address, "10.20.1.0/24")).toBe(true);
  expect(databaseAddress([], 3)).toBe("169.254.100.252");
});
