/** Users of Debian 12 and of what user data installs: the application's user has the application's name. */
export const hostUsers: ReadonlySet<string> = new Set(
  (
    "root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc nobody adm sudo admin debian " +
    "systemd-network systemd-timesync systemd-resolve messagebus polkitd sshd tcpdump uuidd chrony redis haproxy postgres nginx"
  ).split(" "),
);

/** Databases that a PostgreSQL of RDS has from its beginning, and PgBouncer's own console. */
export const takenDatabases: ReadonlySet<string> = new Set(["template0", "template1", "rdsadmin", "pgbouncer"]);
