import { expect, test } from "vitest";
import { errorResponse, Refusal, scopeOf } from "../cloud/api";
import { majorOf } from "../cloud/postgres";
import { withNote } from "../cloud/proxy";
import {
  grownStorage,
  refuseApplyMethod,
  refuseDatabaseName,
  refuseEngineVersion,
  refuseFamily,
  refuseIdentifier,
  refusePassword,
  refuseTakenRange,
  refuseUserData,
  refuseUserName,
} from "../cloud/refusals";

test.each(["main", "a", "prompt-library-2", "a".repeat(63)])("identifier %s is taken", (name) =>
  refuseIdentifier("DBInstanceIdentifier", name),
);
test.each(["", "1a", "a-", "a--b", "a_b", "ü", "a".repeat(64)])("identifier %s is refused", (name) =>
  expect(() => refuseIdentifier("DBInstanceIdentifier", name)).toThrow(/not a valid identifier/),
);

test.each(["Long-enough_1", "!#$%&'()*+,-.:;<=>?[]^_`{|}~", "x".repeat(128)])("password %s is taken", (password) =>
  refusePassword(password),
);
test.each(["short12", "with space", "with/slash", 'with"quote', "with@sign", "ümlaut-password", "x".repeat(129)])(
  "password %s is refused, and not shown",
  (password) => {
    expect(() => refusePassword(password)).toThrow(/not a valid password/);
    try {
      refusePassword(password);
    } catch (error) {
      expect(String(error)).not.toContain(password);
    }
  },
);

test.each(["admin", "ADMIN", "rdsadmin", "pg_read_all_data", "1user", "with-hyphen", ""])(
  "master user %s is refused",
  (name) => expect(() => refuseUserName(name)).toThrow(Refusal),
);
test.each(["postgres", "deployment_master"])("master user %s is taken", (name) => refuseUserName(name));
test.each(["db", "template1", "rdsadmin", "1st", "a-b"])("database %s is refused", (name) =>
  expect(() => refuseDatabaseName(name)).toThrow(Refusal),
);

test.each([
  ["16", false, /AllowMajorVersionUpgrade/],
  ["16.2", false, /AllowMajorVersionUpgrade/],
  ["15.7", false, /Cannot upgrade postgres from 15\.8 to 15\.7/],
  ["14", true, /Cannot upgrade/],
])("engine version %s (flag: %s) is refused", (version, flag, expected) =>
  expect(() => refuseEngineVersion(version, "15.8", flag)).toThrow(expected),
);
test.each([
  ["15", false],
  ["15.8", false],
  ["15.10", false],
  ["16", true],
])("engine version %s (flag: %s) is taken", (version, flag) => refuseEngineVersion(version, "15.8", flag));

test("storage stays or grows by a tenth at least", () => {
  expect([40, 41, 44, 100].map((size) => grownStorage(size, 40))).toEqual([40, 44, 44, 100]);
  expect(() => grownStorage(39, 40)).toThrow(/Invalid storage size/);
});

test("two VPCs of one local cloud have addresses of their own", () => {
  const taken = ["172.31.0.0/16", "10.20.0.0/16"];
  refuseTakenRange("10.21.0.0/16", taken);
  for (const range of ["10.20.0.0/16", "10.20.3.0/24", "10.0.0.0/8"])
    expect(() => refuseTakenRange(range, taken)).toThrow(/another VPC has 10\.20\.0\.0\/16 already/);
});

test("user data: 16,384 bytes and no more", () => {
  refuseUserData(Buffer.alloc(16_384));
  expect(() => refuseUserData(Buffer.alloc(16_385))).toThrow(/16384/);
});

test("a static parameter waits for a reboot", () => {
  expect(() => refuseApplyMethod("max_connections", "immediate", true)).toThrow(/static parameter: max_connections/);
  refuseApplyMethod("max_connections", "pending-reboot", true);
  refuseApplyMethod("log_lock_waits", "immediate", false);
});

test("key, region and service are read from the signature", () => {
  expect(scopeOf("AWS4-HMAC-SHA256 Credential=KEY/20260101/eu-west-1/rds/aws4_request, SignedHeaders=host")).toEqual({
    keyId: "KEY",
    region: "eu-west-1",
    service: "rds",
  });
  expect(scopeOf(undefined)).toEqual({ keyId: "", region: "", service: "" });
});

test("what is unknown gets the note, other errors don't", () => {
  for (const service of ["ec2", "rds"]) {
    expect(withNote(errorResponse(service, new Refusal("InvalidVpcID.NotFound", "no <vpc>")), "note").body).toContain(
      "<Message>no &lt;vpc&gt; (note)</Message>",
    );
    expect(withNote(errorResponse(service, new Refusal("InvalidParameterValue", "no")), "note").body).toContain(
      "<Message>no</Message>",
    );
  }
});

test.each(["15", "16.4", "17", "18.1"])("engine version %s is served", (version) =>
  expect(majorOf(version)).toBe(Number.parseInt(version, 10)),
);
test.each(["14", "19", "1", "170", "17.x", "", "latest"])("engine version %s is refused", (version) =>
  expect(() => majorOf(version)).toThrow(`Cannot find version ${version} for postgres`),
);

test("a parameter group's family is one of a version that is served", () => {
  refuseFamily("postgres17");
  expect(() => refuseFamily("postgres17.2")).toThrow("ParameterGroupFamily postgres17.2 is not a valid");
  expect(() => refuseFamily("aurora-postgresql17")).toThrow("is not a valid parameter group family");
});
