import { type DBInstance, DescribeDBInstancesCommand, RDSClient } from "@aws-sdk/client-rds";
import { clientOptions } from "../core/aws-client";
import { describeAutomatedBackups } from "../database/backup/automated";
import type { StepInput } from "./input";

/** The cloud's own view of the stack's database. */
export async function describeDatabase(input: StepInput): Promise<{ rds: RDSClient; instance: DBInstance }> {
  const rds = new RDSClient(clientOptions(input.settings.target.region));
  const found = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: input.database.identifier }));
  const instance = found.DBInstances?.[0];
  if (instance === undefined) throw new Error(`RDS does not know the instance ${input.database.identifier}`);
  return { rds, instance };
}

/** @throws Failure as `describeAutomatedBackups` */
export async function automatedBackups(input: StepInput): Promise<string> {
  return describeAutomatedBackups((await describeDatabase(input)).instance, new Date());
}
