import { randomBytes } from "node:crypto";
import type { Log } from "../toolchain/build-once";
import { type ApiResponse, type Handler, type QueryRequest, Refusal } from "./api";
import { Cluster } from "./cluster";
import type { Ec2 } from "./ec2";
import type { DatabaseName } from "./host-files";
import type { CloudNames } from "./names";
import { isStatic, majorOf, wholeVersion, withWholeVersions } from "./postgres";
import {
  describeDatabases,
  familyOf,
  parameterGroupOf,
  parametersOf,
  sizeAndVersion,
  subnetRanges,
} from "./rds-records";
import { Snapshots } from "./rds-snapshots";
import {
  grownStorage,
  refuseApplyMethod,
  refuseDatabaseName,
  refuseEngineVersion,
  refuseFamily,
  refuseIdentifier,
  refusePassword,
  refuseUserName,
} from "./refusals";
import { isAllowed } from "./security-groups";
import { databaseAddress } from "./subnet-address";
import { elements, parseXml, textAt } from "./xml";

/** Where a request names none. */
const usualVersion = "17";

export interface RdsArgs {
  names: CloudNames;
  ec2: Ec2;
  log: Log;
}

type Status =
  | "creating"
  | "available"
  | "backing-up"
  | "modifying"
  | "rebooting"
  | "stopping"
  | "stopped"
  | "starting"
  | "failed"
  | "deleting";

interface Database {
  region: string;
  identifier: string;
  /** moto gives all of them the same. */
  resourceId: string;
  cluster: Cluster;
  status: Status;
  needsReboot: boolean;
}

/** Makes RDS's instances and snapshots real: moto keeps the records, PostgreSQL does the work. */
export class Rds {
  /** By `REGION/NAME`. */
  private readonly databases = new Map<string, Database>();
  private readonly snapshots: Snapshots;
  private refreshing: Promise<void> = Promise.resolve();
  private count = 0;

  constructor(private readonly args: RdsArgs) {
    this.snapshots = new Snapshots(args.names.state);
  }

  readonly handlers: Record<string, Handler> = {
    CreateDBInstance: async ({ region, parameters }, forward) => {
      const value = (name: string) => parameters.get(name) ?? "";
      refuseIdentifier("DBInstanceIdentifier", value("DBInstanceIdentifier"));
      if (value("Engine") !== "postgres")
        throw new Refusal("InvalidParameterValue", `the local cloud has no engine ${value("Engine")}, only postgres`);
      if (!value("EngineVersion")) parameters.set("EngineVersion", usualVersion);
      const major = majorOf(value("EngineVersion"));
      refuseUserName(value("MasterUsername"));
      if (value("ManageMasterUserPassword") === "true")
        throw new Refusal(
          "InvalidParameterCombination",
          "the local cloud keeps no master password in Secrets Manager; give MasterUserPassword",
        );
      refusePassword(value("MasterUserPassword"));
      if (value("DBName")) refuseDatabaseName(value("DBName"));
      await this.refuseOtherFamily(region, parameters, major);
      const answer = await forward(parameters);
      if (answer.status >= 300) return answer;
      await this.bringUp(region, answer, "CreateDBInstance", major, value("MasterUsername"), (cluster, settings) =>
        cluster.create(value("MasterUserPassword"), value("DBName") || null, settings),
      );
      return this.withStatus(region, answer);
    },

    RestoreDBInstanceFromDBSnapshot: async ({ region, parameters }, forward) => {
      refuseIdentifier("DBInstanceIdentifier", parameters.get("DBInstanceIdentifier") ?? "");
      const snapshot = this.snapshots.available(region, snapshotName(parameters));
      if (snapshot) await this.refuseOtherFamily(region, parameters, snapshot.major);
      const answer = await forward();
      if (answer.status >= 300) return answer;
      if (!snapshot)
        throw new Error(`moto knows the snapshot ${snapshotName(parameters)}, but no base backup of it was made here`);
      await this.bringUp(
        region,
        answer,
        "RestoreDBInstanceFromDBSnapshot",
        snapshot.major,
        snapshot.masterUser,
        (cluster, settings) => cluster.restore(snapshot.directory, settings),
      );
      return this.withStatus(region, answer);
    },

    RestoreDBInstanceToPointInTime: () => {
      throw new Refusal(
        "InvalidParameterCombination",
        "the local cloud keeps no write-ahead log, so it restores snapshots only",
      );
    },

    DescribeDBInstances: async ({ region, parameters }, forward) => {
      const wanted = [...this.databases.values()].find(
        (one) => one.region === region && one.resourceId === parameters.get("Filters.Filter.1.Values.Value.1"),
      );
      if (parameters.get("Filters.Filter.1.Name") !== "dbi-resource-id" || wanted === undefined)
        return this.withStatus(region, await forward());
      const { Action = "", Version = "" } = Object.fromEntries(parameters);
      return this.withStatus(
        region,
        await forward(new URLSearchParams({ Action, Version, DBInstanceIdentifier: wanted.identifier })),
      );
    },

    ModifyDBInstance: async ({ region, parameters }, forward) => {
      const database = this.require(region, parameters, ["available"]);
      if (parameters.get("NewDBInstanceIdentifier"))
        throw new Refusal("InvalidParameterCombination", "the local cloud renames no database");
      const password = parameters.get("MasterUserPassword");
      if (password) refusePassword(password);
      const version = parameters.get("EngineVersion");
      const storage = parameters.get("AllocatedStorage");
      if (database && (version || storage)) {
        const present = await sizeAndVersion(region, database.identifier);
        const running = await wholeVersion(present.engineVersion);
        if (version) {
          refuseEngineVersion(version, running, parameters.get("AllowMajorVersionUpgrade") === "true");
          if (majorOf(version) !== database.cluster.args.major)
            throw new Refusal("InvalidParameterCombination", "the local cloud upgrades no major version");
        }
        if (storage) parameters.set("AllocatedStorage", String(grownStorage(Number(storage), present.storageGiB)));
      }
      if (database) await this.refuseOtherFamily(region, parameters, database.cluster.args.major);
      const answer = await forward(parameters);
      if (answer.status >= 300 || !database) return answer;
      if (password) await database.cluster.changePassword(password);
      if (parameters.get("DBParameterGroupName")) await this.applyParameters(database);
      return this.withStatus(region, answer);
    },

    CreateDBParameterGroup: ({ parameters }, forward) => {
      refuseFamily(parameters.get("DBParameterGroupFamily") ?? "");
      return forward();
    },

    ModifyDBParameterGroup: async ({ region, parameters }, forward) => {
      const family = await familyOf(region, parameters.get("DBParameterGroupName") ?? "");
      const major = majorOf(family?.replace("postgres", "") ?? usualVersion);
      for (const { name, method } of changesOf(parameters))
        refuseApplyMethod(name, method, await isStatic(name, major));
      const answer = await forward();
      if (answer.status < 300) await this.applyGroup(region, parameters.get("DBParameterGroupName") ?? "");
      return answer;
    },

    ResetDBParameterGroup: async ({ region, parameters }, forward) => {
      const answer = await forward();
      if (answer.status < 300) await this.applyGroup(region, parameters.get("DBParameterGroupName") ?? "");
      return answer;
    },

    RebootDBInstance: async ({ region, parameters }, forward) => {
      const database = this.require(region, parameters, ["available"]);
      const answer = await forward();
      if (answer.status >= 300 || !database) return answer;
      this.work(database, "rebooting", "available", async () => {
        await database.cluster.stop();
        await database.cluster.start(await parametersOf(region, database.identifier));
        database.needsReboot = false;
      });
      return this.withStatus(region, answer);
    },

    StopDBInstance: async ({ region, parameters }, forward) => {
      const database = this.require(region, parameters, ["available"]);
      const answer = await forward();
      if (answer.status >= 300 || !database) return answer;
      const snapshot = parameters.get("DBSnapshotIdentifier");
      if (snapshot) await this.snapshots.make(region, snapshot, database.cluster);
      this.work(database, "stopping", "stopped", () => database.cluster.stop());
      return this.withStatus(region, answer);
    },

    StartDBInstance: async ({ region, parameters }, forward) => {
      const database = this.require(region, parameters, ["stopped"]);
      const answer = await forward();
      if (answer.status >= 300 || !database) return answer;
      this.work(database, "starting", "available", async () => {
        await database.cluster.start(await parametersOf(region, database.identifier));
        database.needsReboot = false;
      });
      return this.withStatus(region, answer);
    },

    CreateDBSnapshot: async ({ region, parameters }, forward) => {
      const identifier = parameters.get("DBSnapshotIdentifier") ?? "";
      refuseIdentifier("DBSnapshotIdentifier", identifier);
      const database = this.require(region, parameters, ["available"]);
      const answer = await forward();
      if (answer.status >= 300 || !database) return answer;
      this.backUp(identifier, database);
      return this.snapshots.withStatus(region, answer);
    },

    DescribeDBSnapshots: async ({ region }, forward) =>
      withWholeVersions(this.snapshots.withStatus(region, await forward())),

    DeleteDBSnapshot: async ({ region, parameters }, forward) => {
      this.snapshots.refuseDeletion(region, snapshotName(parameters));
      const answer = await forward();
      if (answer.status < 300) await this.snapshots.forget(region, snapshotName(parameters));
      return answer;
    },

    DeleteDBInstance: async ({ region, parameters }, forward) => {
      const identifier = parameters.get("DBInstanceIdentifier") ?? "";
      const database = this.databases.get(`${region}/${identifier}`);
      if (database?.status === "creating") throw notNow(identifier, "creating");
      const finalSnapshot = parameters.get("FinalDBSnapshotIdentifier");
      if (parameters.get("SkipFinalSnapshot") !== "true" && !finalSnapshot)
        throw new Refusal(
          "InvalidParameterCombination",
          "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
        );
      if (finalSnapshot) refuseIdentifier("FinalDBSnapshotIdentifier", finalSnapshot);
      const answer = await forward();
      if (answer.status >= 300 || !database) return answer;
      if (finalSnapshot) await this.snapshots.make(region, finalSnapshot, database.cluster);
      this.databases.delete(`${region}/${identifier}`);
      await database.cluster.remove();
      await this.args.ec2.updateHosts();
      return answer;
    },
  };

  databaseNames(): DatabaseName[] {
    return [...this.databases.values()].map(({ cluster }) => ({
      name: cluster.args.endpoint,
      address: cluster.args.address,
    }));
  }

  /** Who may connect follows security groups and instances. One at a time: an older look never overwrites a newer one. */
  refresh(): Promise<void> {
    this.refreshing = this.refreshing
      .then(() => this.updateAccess())
      .catch((error: unknown) => this.args.log(`who may reach the databases: ${String(error)}`));
    return this.refreshing;
  }

  private async updateAccess(): Promise<void> {
    if (this.databases.size === 0) return;
    const instances = (await this.args.ec2.instances()).filter(({ id }) => this.args.ec2.hosts.has(id));
    for (const region of new Set([...this.databases.values()].map((database) => database.region)))
      for (const view of await describeDatabases(region)) {
        const database = this.databases.get(`${region}/${textAt(view, "DBInstanceIdentifier")}`);
        if (!database) continue;
        const groups = elements(view, "VpcSecurityGroups", "VpcSecurityGroupMembership").map((group) =>
          textAt(group, "VpcSecurityGroupId"),
        );
        const rules = await this.args.ec2.rulesOf(region, groups);
        const allowed = instances.filter(
          (one) => one.region === region && isAllowed(rules, database.cluster.args.port, one),
        );
        await database.cluster.allow(allowed.map(({ address }) => address).sort());
      }
  }

  private async bringUp(
    region: string,
    answer: ApiResponse,
    action: string,
    major: number,
    masterUser: string,
    make: (cluster: Cluster, settings: Record<string, string>) => Promise<void>,
  ): Promise<void> {
    const [view] = elements(parseXml(answer.body), `${action}Response`, `${action}Result`, "DBInstance");
    if (!view) throw new Error(`moto's answer to ${action} names no DBInstance`);
    const identifier = textAt(view, "DBInstanceIdentifier");
    const number = ++this.count;
    const ranges = await subnetRanges(region, textAt(view, "DBSubnetGroup", "DBSubnetGroupName"));
    const cluster = new Cluster(
      this.args.names,
      {
        identifier,
        endpoint: textAt(view, "Endpoint", "Address"),
        address: databaseAddress(ranges, number),
        port: Number(textAt(view, "Endpoint", "Port") || "5432"),
        major,
        masterUser,
      },
      number,
    );
    const database: Database = {
      region,
      identifier,
      resourceId: newResourceId(),
      cluster,
      status: "creating",
      needsReboot: false,
    };
    this.databases.set(`${region}/${identifier}`, database);
    cluster.onCrash = () => {
      this.args.log(`PostgreSQL ${identifier} ended by itself; logs/postgresql-${identifier}.log tells why`);
      if (database.status !== "creating") database.status = "failed";
    };
    await this.args.ec2.updateHosts();
    this.work(database, "creating", "available", async () => {
      await make(cluster, await parametersOf(region, identifier));
      await this.refresh();
      this.args.log(`PostgreSQL ${identifier} answers at ${cluster.args.address}:${cluster.args.port}`);
    });
  }

  /** Shows `during` while the work lasts, `after` when it is done, `failed` where it isn't. */
  private work(database: Database, during: Status, after: Status, task: () => Promise<void>): void {
    database.status = during;
    task().then(
      () => (database.status = after),
      (error: unknown) => {
        database.status = "failed";
        this.args.log(`${database.identifier} (${during}): ${String(error)}`);
      },
    );
  }

  private async refuseOtherFamily(region: string, parameters: URLSearchParams, major: number): Promise<void> {
    const group = parameters.get("DBParameterGroupName") ?? "";
    const family = await familyOf(region, group);
    if (family !== null && family !== `postgres${major}`)
      throw new Refusal(
        "InvalidParameterCombination",
        `The parameter group ${group} with DBParameterGroupFamily ${family} can't be used for this instance. Use a parameter group with DBParameterGroupFamily postgres${major}.`,
      );
  }

  private require(region: string, parameters: URLSearchParams, statuses: Status[]): Database | null {
    const identifier = parameters.get("DBInstanceIdentifier") ?? "";
    const database = this.databases.get(`${region}/${identifier}`);
    if (!database) return null;
    if (!statuses.includes(database.status)) throw notNow(identifier, database.status);
    return database;
  }

  /** The instance is backing-up meanwhile, and does what it is there for. */
  private backUp(snapshot: string, database: Database): void {
    database.status = "backing-up";
    this.snapshots
      .make(database.region, snapshot, database.cluster)
      .catch((error: unknown) => this.args.log(`the snapshot ${snapshot} failed: ${String(error)}`))
      .finally(() => {
        if (database.status === "backing-up") database.status = "available";
      });
  }

  private async applyGroup(region: string, group: string): Promise<void> {
    for (const database of this.databases.values()) {
      const isMeant = database.region === region && database.status === "available";
      if (isMeant && (await parameterGroupOf(region, database.identifier)) === group)
        await this.applyParameters(database);
    }
  }

  /** Dynamic ones at once; static ones keep their value until the next reboot. */
  private async applyParameters(database: Database): Promise<void> {
    const wanted = await parametersOf(database.region, database.identifier);
    const applied = database.cluster.applied;
    const next: Record<string, string> = {};
    for (const name of new Set([...Object.keys(wanted), ...Object.keys(applied)])) {
      const mustWait = wanted[name] !== applied[name] && (await isStatic(name, database.cluster.args.major));
      database.needsReboot ||= mustWait;
      const value = mustWait ? applied[name] : wanted[name];
      if (value !== undefined) next[name] = value;
    }
    await database.cluster.apply(next);
  }

  private async withStatus(region: string, answer: ApiResponse): Promise<ApiResponse> {
    const body = answer.body.replace(/<DBInstance>.*?<\/DBInstance>/gs, (block) => {
      const identifier = /<DBInstanceIdentifier>(.*?)<\/DBInstanceIdentifier>/.exec(block)?.[1] ?? "";
      const database = this.databases.get(`${region}/${identifier}`);
      if (!database) return block;
      const shown = block.replace(
        /<DBInstanceStatus>.*?<\/DBInstanceStatus>/,
        `<DBInstanceStatus>${database.status}</DBInstanceStatus>`,
      );
      const own = shown.replace(/<DbiResourceId>.*?<\//, `<DbiResourceId>${database.resourceId}</`);
      return database.needsReboot
        ? own.replace(/<ParameterApplyStatus>.*?<\//, "<ParameterApplyStatus>pending-reboot</")
        : own;
    });
    return withWholeVersions({ ...answer, body });
  }
}

/** As Amazon's: `db-` and 26 letters and digits; never the same again, also for a database of the same name. */
function newResourceId(): string {
  return `db-${randomBytes(16).toString("hex").toUpperCase().slice(0, 26)}`;
}

/** A snapshot is named by itself or by its ARN, which ends in the name. */
function snapshotName(parameters: URLSearchParams): string {
  return (parameters.get("DBSnapshotIdentifier") ?? "").split(":").at(-1) ?? "";
}

function changesOf(parameters: QueryRequest["parameters"]): { name: string; method: string }[] {
  const found: { name: string; method: string }[] = [];
  for (const [key, name] of parameters) {
    const match = /^(Parameters\.(?:Parameter|member)\.\d+)\.ParameterName$/.exec(key);
    if (match) found.push({ name, method: parameters.get(`${match[1]}.ApplyMethod`) ?? "" });
  }
  return found;
}

function notNow(identifier: string, status: string): Refusal {
  return new Refusal(
    "InvalidDBInstanceState",
    `Instance ${identifier} is not in a state in which this can be done: it is ${status}.`,
  );
}
