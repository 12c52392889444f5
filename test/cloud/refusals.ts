import { BlockList } from "node:net";
import { majors } from "../database/servers";
import { Refusal } from "./api";

/** Amazon's limit, before base64. */
export const userDataLimitBytes = 16_384;

export function refuseUserData(userData: Buffer): void {
  if (userData.length > userDataLimitBytes)
    throw new Refusal("InvalidParameterValue", "User data is limited to 16384 bytes");
}

/** Amazon lets two VPCs have the same addresses; this cloud routes all of them in one network, so the second would get no host. */
export function refuseTakenRange(range: string, taken: readonly string[]): void {
  const holds = (block: string, other: string) => {
    const [address = "", prefix = "32"] = block.split("/");
    const list = new BlockList();
    list.addSubnet(address, Number(prefix));
    return list.check(other.split("/")[0] ?? "");
  };
  const found = taken.find((other) => holds(other, range) || holds(range, other));
  if (found !== undefined)
    throw new Refusal(
      "InvalidVpc.Range",
      `the local cloud has one network, and another VPC has ${found} already; give this stack another network.cidrBlock than ${range}`,
    );
}

/** RDS: letters, digits, hyphens; a letter first, no hyphen last, none doubled; 63 characters. */
export function refuseIdentifier(parameter: string, value: string): void {
  if (!/^[a-zA-Z][a-zA-Z0-9-]{0,62}$/.test(value) || value.endsWith("-") || value.includes("--"))
    throw new Refusal(
      "InvalidParameterValue",
      `The parameter ${parameter} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII ` +
        "letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.",
    );
}

export function refusePassword(password: string): void {
  if (password.length < 8)
    throw new Refusal(
      "InvalidParameterValue",
      "The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters.",
    );
  if (password.length > 128)
    throw new Refusal(
      "InvalidParameterValue",
      "The parameter MasterUserPassword is not a valid password because it is longer than 128 characters.",
    );
  if (!/^[!-~]*$/.test(password) || /[/"@]/.test(password))
    throw new Refusal(
      "InvalidParameterValue",
      `The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '"', ' ' may be used.`,
    );
}

const reservedUsers = [
  "admin",
  "rdsadmin",
  "rdsrepladmin",
  "rds_superuser",
  "rds_replication",
  "rds_password",
  "public",
  "none",
  "current_user",
  "session_user",
  "user",
];
const reservedDatabases = ["rdsadmin", "template0", "template1", "db"];

export function refuseUserName(name: string): void {
  if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,62}$/.test(name))
    throw new Refusal(
      "InvalidParameterValue",
      `The parameter MasterUsername must be 1 to 63 letters, digits or underscores and begin with a letter; it is ${name}.`,
    );
  if (reservedUsers.includes(name.toLowerCase()) || name.toLowerCase().startsWith("pg_"))
    throw new Refusal(
      "InvalidParameterValue",
      `MasterUsername ${name} cannot be used as it is a reserved word used by the engine`,
    );
}

export function refuseDatabaseName(name: string): void {
  if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,62}$/.test(name))
    throw new Refusal(
      "InvalidParameterValue",
      "DBName must begin with a letter and contain only alphanumeric characters.",
    );
  if (reservedDatabases.includes(name.toLowerCase()))
    throw new Refusal("InvalidParameterValue", `DBName ${name} cannot be used. It is a reserved word for this engine`);
}

/** A parameter group is for one major version. */
export function refuseFamily(family: string): void {
  if (!majors.some((major) => family === `postgres${major}`))
    throw new Refusal("InvalidParameterValue", `ParameterGroupFamily ${family} is not a valid parameter group family`);
}

/** @param running such as 15.8 */
export function refuseEngineVersion(asked: string, running: string, isMajorAllowed: boolean): void {
  const [major = 0, minor] = asked.split(".").map(Number);
  const [runningMajor = 0, runningMinor = 0] = running.split(".").map(Number);
  if (major > runningMajor && !isMajorAllowed)
    throw new Refusal(
      "InvalidParameterCombination",
      "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.",
    );
  if (major < runningMajor || (major === runningMajor && minor !== undefined && minor < runningMinor))
    throw new Refusal("InvalidParameterCombination", `Cannot upgrade postgres from ${running} to ${asked}`);
}

/** Storage never shrinks, and RDS rounds up what would be less than a tenth more. */
export function grownStorage(askedGiB: number, presentGiB: number): number {
  if (askedGiB < presentGiB)
    throw new Refusal(
      "InvalidParameterCombination",
      `Invalid storage size for engine name postgres and storage type gp3: ${askedGiB}`,
    );
  return askedGiB === presentGiB ? askedGiB : Math.max(askedGiB, Math.ceil((presentGiB * 11) / 10));
}

/** A static parameter takes effect at a restart only, and RDS takes no other wish. */
export function refuseApplyMethod(name: string, method: string, isStatic: boolean): void {
  if (isStatic && method === "immediate")
    throw new Refusal("InvalidParameterCombination", `cannot use immediate apply method for static parameter: ${name}`);
}
