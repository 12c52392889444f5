import * as postgresql from "@pulumi/postgresql";
import * as pulumi from "@pulumi/pulumi";
import { masterUser, roleNames, statisticsRole } from "../core/role-names";
import { saltOf, scramVerifier } from "../database/scram";

export interface RolesArgs {
  /** Begin of the tunnel on this machine; unknown until it stands. */
  port: pulumi.Input<number>;
  masterPassword: pulumi.Input<string>;
  database: string;
  /** Changes when another instance takes over that began empty; one that was restored from a snapshot has the roles. */
  databaseLineage: pulumi.Input<string>;
  ownerPassword: pulumi.Input<string>;
  appPassword: pulumi.Input<string>;
  readonlyPassword: pulumi.Input<string>;
}

export class Roles extends pulumi.ComponentResource {
  readonly database: pulumi.Output<string>;

  constructor(name: string, args: RolesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("prompt-library:infra:Roles", name, {}, opts);
    const provider = new postgresql.Provider(
      `${name}-provider`,
      {
        host: "127.0.0.1",
        port: args.port,
        username: masterUser,
        password: args.masterPassword,
        // The name can't be verified through a tunnel; ssh has verified the host that the tunnel leads through.
        sslmode: "require",
        superuser: false,
        // The tunnel holds a connection until a host that has just been made answers.
        connectTimeout: 300,
      },
      { parent: this },
    );
    // They can't be deleted without the database, and go with it.
    const options = {
      parent: this,
      provider,
      retainOnDelete: true,
      replacementTrigger: args.databaseLineage,
    };
    const role = (part: keyof typeof roleNames, password: pulumi.Input<string>) =>
      new postgresql.Role(
        `${name}-${part}`,
        {
          name: roleNames[part],
          login: true,
          password: pulumi.output(password).apply((value) => scramVerifier(value, saltOf(`${name}-${part}`))),
        },
        options,
      );
    const owner = role("owner", args.ownerPassword);
    const app = role("app", args.appPassword);
    const readonly = role("readonly", args.readonlyPassword);
    // Without it a migration could not tell whose session it waits for, nor for how long.
    const statistics = [owner, readonly].map(
      (role, index) =>
        new postgresql.GrantRole(
          `${name}-statistics-${index}`,
          { role: role.name, grantRole: statisticsRole },
          options,
        ),
    );
    // What the owner may do in its database, the master may too: making extensions takes a database's CREATE.
    // From PostgreSQL 16 on, who creates a role has it with ADMIN OPTION and no more: the provider may read the one membership or the other.
    const mayExtend = new postgresql.GrantRole(
      `${name}-master-owner`,
      { role: masterUser, grantRole: owner.name },
      { ...options, ignoreChanges: ["withAdminOption"] },
    );
    // To make a database for the owner the provider lends itself this membership, and takes it back: at the same time it would take ours.
    const database = new postgresql.Database(
      `${name}-database`,
      { name: args.database, owner: owner.name },
      { ...options, dependsOn: [mayExtend] },
    );
    const extension = new postgresql.Extension(
      `${name}-pg-stat-statements`,
      { name: "pg_stat_statements", database: database.name },
      options,
    );
    const grants = [
      ...[app, readonly].map(
        (grantee, index) =>
          new postgresql.Grant(
            `${name}-connect-${index}`,
            { database: database.name, role: grantee.name, objectType: "database", privileges: ["CONNECT"] },
            options,
          ),
      ),
      defaults(name, "app-tables", app, owner, database, "table", ["DELETE", "INSERT", "SELECT", "UPDATE"], options),
      defaults(name, "app-sequences", app, owner, database, "sequence", ["SELECT", "USAGE"], options),
      defaults(name, "readonly-tables", readonly, owner, database, "table", ["SELECT"], options),
    ];
    this.database = pulumi
      .all([database.id, extension.id, ...[...statistics, ...grants].map((grant) => grant.id)])
      .apply(() => args.database);
    this.registerOutputs({ database: this.database });
  }
}

function defaults(
  name: string,
  part: string,
  grantee: postgresql.Role,
  owner: postgresql.Role,
  database: postgresql.Database,
  objectType: string,
  privileges: string[],
  options: pulumi.CustomResourceOptions,
): postgresql.DefaultPrivileges {
  return new postgresql.DefaultPrivileges(
    `${name}-${part}`,
    { database: database.name, role: grantee.name, owner: owner.name, schema: "public", objectType, privileges },
    options,
  );
}
