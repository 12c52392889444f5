import { join } from "node:path";
import { execa } from "execa";
import type { Log } from "../toolchain/build-once";
import { ask, Refusal, type ApiResponse, type Handler, type QueryRequest } from "./api";
import { Cluster } from "./cluster";
import type { DatabaseName } from "./host-files";
import type { Ec2 } from "./ec2";
import type { CloudNames } from "./names";
import { binariesOf, isStatic } from "./postgres";
import { refuseApplyMethod, refuseDatabaseName, refuseIdentifier, refusePassword, refuseUserName } from "./refusals";
import { isAllowed } from "./security-groups";
import { databaseAddress } from "./subnet-address";
import { elements, parseXml, textAt, type Element } from "./xml";

export interface RdsArgs {
  names: CloudNames;
  region: string;
  ec2: Ec2;
  log: Log;
}

type Status = "creating" | "available" | "modifying" | "rebooting" | "stopping" | "stopped" | "starting" | "failed" | "deleting";

interface Database {
  cluster: Cluster;
  status: Status;
  needsReboot: boolean;
}

interface Snapshot {
  directory: string;
  major: number;
  masterUser: string;
}

/** Makes RDS's instances and snapshots real: moto keeps the records, PostgreSQL does the work. */
export class Rds {
  private readonly databases = new Map<string, Database>();
  private readonly snapshots = new Map<string, Snapshot>();
  private count = 0;

  constructor(private readonly args: RdsArgs) {}

  readonly handlers: Record<string, Handler> = {
    CreateDBInstance: async ({ parameters }, forward) => {
      const value = (name: string) => parameters.get(name) ?? "";
      refuseIdentifier("DBInstanceIdentifier", value("DBInstanceIdentifier"));
      if (value("Engine") !== "postgres") throw new Refusal("InvalidParameterValue", `the local cloud has no engine ${value("Engine")}, only postgres`);
      const major = Number.parseInt(value("EngineVersion") || "15", 10);
      binariesOf(major);
      refuseUserName(value("MasterUsername"));
      if (value("ManageMasterUserPassword") === "true")
        throw new Refusal("InvalidParameterCombination", "the local cloud keeps no master password in Secrets Manager; give MasterUserPassword");
      refusePassword(value("MasterUserPassword"));
      if (value("DBName")) refuseDatabaseName(value("DBName"));
      const answer = await forward();
      if (answer.status >= 300) return answer;
      await this.bringUp(answer, "CreateDBInstance", major, value("MasterUsername"), (cluster, settings) =>
        cluster.create(value("MasterUserPassword"), value("DBName") || null, settings),
      );
      return this.withStatus(answer);
    },

    RestoreDBInstanceFromDBSnapshot: async ({ parameters }, forward) => {
      refuseIdentifier("DBInstanceIdentifier", parameters.get("DBInstanceIdentifier") ?? "");
      const snapshot = this.snapshots.get(snapshotName(parameters));
      const answer = await forward();
      if (answer.status >= 300) return answer;
      if (!snapshot) throw new Error(`moto knows the snapshot ${snapshotName(parameters)}, but no base backup of it was made here`);
      await this.bringUp(answer, "RestoreDBInstanceFromDBSnapshot", snapshot.major, snapshot.masterUser, (cluster, settings) =>
        cluster.restore(snapshot.directory, settings),
      );
      return this.withStatus(answer);
    },

    RestoreDBInstanceToPointInTime: () => {
      throw new Refusal("InvalidParameterCombination", "the local cloud keeps no write-ahead log, so it restores snapshots only");
    },

    DescribeDBInstances: async (_request, forward) => this.withStatus(await forward()),

    ModifyDBInstance: async ({ parameters }, forward) => {
      const database = this.require(parameters, ["available"]);
      if (parameters.get("NewDBInstanceIdentifier")) throw new Refusal("InvalidParameterCombination", "the local cloud renames no database");
      const password = parameters.get("MasterUserPassword");
      if (password) refusePassword(password);
      const version = parameters.get("EngineVersion");
      if (version && database && Number.parseInt(version, 10) !== database.cluster.args.major)
        throw new Refusal("InvalidParameterCombination", "the local cloud upgrades no major version");
      const answer = await forward();
      if (answer.status >= 300 || !database) return answer;
      if (password) await database.cluster.changePassword(password);
      if (parameters.get("DBParameterGroupName")) await this.applyParameters(parameters.get("DBInstanceIdentifier") ?? "", database);
      return this.withStatus(answer);
    },

    ModifyDBParameterGroup: async ({ parameters }, forward) => {
      for (const { name, method } of changesOf(parameters)) refuseApplyMethod(name, method, await isStatic(name, 15));
      const answer = await forward();
      if (answer.status < 300) await this.applyGroup(parameters.get("DBParameterGroupName") ?? "");
      return answer;
    },

    ResetDBParameterGroup: async ({ parameters }, forward) => {
      const answer = await forward();
      if (answer.status < 300) await this.applyGroup(parameters.get("DBParameterGroupName") ?? "");
      return answer;
    },

    RebootDBInstance: async ({ parameters }, forward) => {
      const database = this.require(parameters, ["available"]);
      const answer = await forward();
      if (answer.status >= 300 || !database) return answer;
      this.work(parameters, database, "rebooting", "available", async () => {
        await database.cluster.stop();
        await database.cluster.start(await this.parametersOf(parameters.get("DBInstanceIdentifier") ?? ""));
        database.needsReboot = false;
      });
      return this.withStatus(answer);
    },

    StopDBInstance: async ({ parameters }, forward) => {
      const database = this.require(parameters, ["available"]);
      const answer = await forward();
      if (answer.status >= 300 || !database) return answer;
      const snapshot = parameters.get("DBSnapshotIdentifier");
      if (snapshot) await this.backUp(snapshot, database.cluster);
      this.work(parameters, database, "stopping", "stopped", () => database.cluster.stop());
      return this.withStatus(answer);
    },

    StartDBInstance: async ({ parameters }, forward) => {
      const database = this.require(parameters, ["stopped"]);
      const answer = await forward();
      if (answer.status >= 300 || !database) return answer;
      this.work(parameters, database, "starting", "available", async () => {
        await database.cluster.start(await this.parametersOf(parameters.get("DBInstanceIdentifier") ?? ""));
        database.needsReboot = false;
      });
      return this.withStatus(answer);
    },

    CreateDBSnapshot: async ({ parameters }, forward) => {
      const identifier = parameters.get("DBSnapshotIdentifier") ?? "";
      refuseIdentifier("DBSnapshotIdentifier", identifier);
      const database = this.require(parameters, ["available"]);
      const answer = await forward();
      if (answer.status < 300 && database) await this.backUp(identifier, database.cluster);
      return answer;
    },

    DeleteDBSnapshot: async ({ parameters }, forward) => {
      const answer = await forward();
      const snapshot = this.snapshots.get(snapshotName(parameters));
      if (answer.status < 300 && snapshot) {
        this.snapshots.delete(snapshotName(parameters));
        await execa("rm", ["-rf", snapshot.directory]);
      }
      return answer;
    },

    DeleteDBInstance: async ({ parameters }, forward) => {
      const identifier = parameters.get("DBInstanceIdentifier") ?? "";
      const database = this.databases.get(identifier);
      if (database?.status === "creating") throw notNow(identifier, "creating");
      const finalSnapshot = parameters.get("FinalDBSnapshotIdentifier");
      if (parameters.get("SkipFinalSnapshot") !== "true" && !finalSnapshot)
        throw new Refusal("InvalidParameterCombination", "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.");
      if (finalSnapshot) refuseIdentifier("FinalDBSnapshotIdentifier", finalSnapshot);
      const answer = await forward();
      if (answer.status >= 300 || !database) return answer;
      if (finalSnapshot) await this.backUp(finalSnapshot, database.cluster);
      this.databases.delete(identifier);
      await database.cluster.remove();
      await this.args.ec2.updateHosts();
      return answer;
    },
  };

  databaseNames(): DatabaseName[] {
    return [...this.databases.values()].map(({ cluster }) => ({ name: cluster.args.endpoint, address: cluster.args.address }));
  }

  /** Who may connect follows security groups and instances. */
  async refresh(): Promise<void> {
    if (this.databases.size === 0) return;
    const instances = (await this.args.ec2.instances()).filter(({ id }) => this.args.ec2.hosts.has(id));
    for (const view of await this.describe()) {
      const database = this.databases.get(textAt(view, "DBInstanceIdentifier"));
      if (!database) continue;
      const groups = elements(view, "VpcSecurityGroups", "VpcSecurityGroupMembership").map((group) => textAt(group, "VpcSecurityGroupId"));
      const rules = await this.args.ec2.rulesOf(groups);
      const allowed = instances.filter((instance) => isAllowed(rules, database.cluster.args.port, instance));
      await database.cluster.allow(allowed.map(({ address }) => address).sort());
    }
  }

  private async bringUp(
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
    const ranges = await this.subnetRanges(textAt(view, "DBSubnetGroup", "DBSubnetGroupName"));
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
    const database: Database = { cluster, status: "creating", needsReboot: false };
    this.databases.set(identifier, database);
    cluster.onCrash = () => {
      this.args.log(`PostgreSQL ${identifier} ended by itself; logs/postgresql-${identifier}.log tells why`);
      if (database.status !== "creating") database.status = "failed";
    };
    await this.args.ec2.updateHosts();
    this.work(new URLSearchParams({ DBInstanceIdentifier: identifier }), database, "creating", "available", async () => {
      await make(cluster, await this.parametersOf(identifier));
      await this.refresh();
      this.args.log(`PostgreSQL ${identifier} answers at ${cluster.args.address}:${cluster.args.port}`);
    });
  }

  /** Shows `during` while the work lasts, `after` when it is done, `failed` where it isn't. */
  private work(parameters: URLSearchParams, database: Database, during: Status, after: Status, task: () => Promise<void>): void {
    database.status = during;
    task().then(
      () => (database.status = after),
      (error: unknown) => {
        database.status = "failed";
        this.args.log(`${parameters.get("DBInstanceIdentifier")} (${during}): ${String(error)}`);
      },
    );
  }

  private require(parameters: URLSearchParams, statuses: Status[]): Database | null {
    const identifier = parameters.get("DBInstanceIdentifier") ?? "";
    const database = this.databases.get(identifier);
    if (!database) return null;
    if (!statuses.includes(database.status)) throw notNow(identifier, database.status);
    return database;
  }

  private async backUp(identifier: string, cluster: Cluster): Promise<void> {
    const directory = join(this.args.names.state, "snapshots", String(++this.count));
    await execa("install", ["-d", "-o", "postgres", "-g", "postgres", "-m", "0700", join(this.args.names.state, "snapshots")]);
    await cluster.backUp(directory);
    this.snapshots.set(identifier, { directory, major: cluster.args.major, masterUser: cluster.args.masterUser });
  }

  private async describe(): Promise<Element[]> {
    const answer = await ask("rds", this.args.region, "DescribeDBInstances");
    return elements(answer, "DescribeDBInstancesResponse", "DescribeDBInstancesResult", "DBInstances", "DBInstance");
  }

  private async groupOf(identifier: string): Promise<string> {
    const view = (await this.describe()).find((one) => textAt(one, "DBInstanceIdentifier") === identifier);
    return view ? textAt(view, "DBParameterGroups", "DBParameterGroup", "DBParameterGroupName") : "";
  }

  /** What the instance's parameter group sets; Amazon's default groups set nothing here. */
  private async parametersOf(identifier: string): Promise<Record<string, string>> {
    const group = await this.groupOf(identifier);
    if (group === "" || group.startsWith("default.")) return {};
    const answer = await ask("rds", this.args.region, "DescribeDBParameters", { DBParameterGroupName: group });
    const set = elements(answer, "DescribeDBParametersResponse", "DescribeDBParametersResult", "Parameters", "Parameter");
    return Object.fromEntries(set.map((parameter) => [textAt(parameter, "ParameterName"), textAt(parameter, "ParameterValue")]));
  }

  private async applyGroup(group: string): Promise<void> {
    for (const [identifier, database] of this.databases)
      if (database.status === "available" && (await this.groupOf(identifier)) === group) await this.applyParameters(identifier, database);
  }

  /** Dynamic ones at once; static ones keep their value until the next reboot. */
  private async applyParameters(identifier: string, database: Database): Promise<void> {
    const wanted = await this.parametersOf(identifier);
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

  private async subnetRanges(group: string): Promise<string[]> {
    if (group === "") return [];
    const answer = await ask("rds", this.args.region, "DescribeDBSubnetGroups", { DBSubnetGroupName: group });
    const ids = elements(answer, "DescribeDBSubnetGroupsResponse", "DescribeDBSubnetGroupsResult", "DBSubnetGroups", "DBSubnetGroup", "Subnets", "Subnet").map(
      (subnet) => textAt(subnet, "SubnetIdentifier"),
    );
    const subnets = elements(await ask("ec2", this.args.region, "DescribeSubnets"), "DescribeSubnetsResponse", "subnetSet", "item");
    return subnets.filter((subnet) => ids.includes(textAt(subnet, "subnetId"))).map((subnet) => textAt(subnet, "cidrBlock"));
  }

  private withStatus(answer: ApiResponse): ApiResponse {
    const body = answer.body.replace(/<DBInstance>.*?<\/DBInstance>/gs, (block) => {
      const database = this.databases.get(/<DBInstanceIdentifier>(.*?)<\/DBInstanceIdentifier>/.exec(block)?.[1] ?? "");
      if (!database) return block;
      const shown = block.replace(/<DBInstanceStatus>.*?<\/DBInstanceStatus>/, `<DBInstanceStatus>${database.status}</DBInstanceStatus>`);
      return database.needsReboot ? shown.replace(/<ParameterApplyStatus>.*?<\//, "<ParameterApplyStatus>pending-reboot</") : shown;
    });
    return { ...answer, body };
  }
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
  return new Refusal("InvalidDBInstanceState", `Instance ${identifier} is not in a state in which this can be done: it is ${status}.`);
}
