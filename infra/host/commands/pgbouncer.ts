import { loopback } from "../../core/loopback";
import { hostPaths } from "./paths";

export type PgBouncerArgs = {
  application: string;
  database: string;
  /** The server, verified by name against the authority on the host. */
  address: string;
  port: number;
};

/** Session pooling on loopback; carries TLS to the database for an application that speaks plain PostgreSQL. */
export function pgbouncerConfig(args: PgBouncerArgs): string {
  return `[databases]
${args.database} = host=${args.address} port=${args.port} dbname=${args.database}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${loopback.database}
unix_socket_dir = /run/postgresql
pidfile = /run/postgresql/pgbouncer.pid
logfile = /var/log/postgresql/pgbouncer.log
auth_type = scram-sha-256
auth_file = /etc/pgbouncer/userlist.txt
stats_users = ${statsUser}
pool_mode = session
max_client_conn = 200
default_pool_size = 40
server_tls_sslmode = verify-full
server_tls_ca_file = ${hostPaths(args.application).databaseAuthority}
ignore_startup_parameters = extra_float_digits
`;
}

/** Reads `SHOW POOLS`; may do nothing else. */
export const statsUser = "pool_reader";

export function pgbouncerUsers(users: Readonly<Record<string, string>>): string {
  return Object.entries(users)
    .map(([name, password]) => `"${name}" "${password.replaceAll('"', '""')}"\n`)
    .join("");
}
