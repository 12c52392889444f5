import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { ask } from "./api";
import type { Ec2, InstanceView } from "./ec2";
import { hostNameOf } from "./host-files";
import type { Principals } from "./iam/principals";
import { type Role, roleOfProfile } from "./iam/roles";
import { elements, textAt } from "./xml";

/** The instance metadata service, version 2: each host is told from the others by the address that it asks from. */
export class Metadata {
  private readonly tokens = new Set<string>();

  constructor(
    private readonly ec2: Ec2,
    private readonly principals: Principals,
  ) {}

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = (status: number, body: string) =>
      response.writeHead(status, { "content-type": "text/plain" }).end(body);
    const path = (request.url ?? "").split("?")[0] ?? "";
    if (request.method === "PUT" && path === "/latest/api/token") {
      if (!request.headers["x-aws-ec2-metadata-token-ttl-seconds"]) return void reply(400, "");
      const token = randomUUID();
      this.tokens.add(token);
      response.setHeader(
        "x-aws-ec2-metadata-token-ttl-seconds",
        String(request.headers["x-aws-ec2-metadata-token-ttl-seconds"]),
      );
      return void reply(200, token);
    }
    const caller = (await this.ec2.instances()).find(
      ({ address, state }) => address === request.socket.remoteAddress && state !== "terminated",
    );
    if (!caller) return void reply(404, "");
    const token = request.headers["x-aws-ec2-metadata-token"];
    const isKnown = typeof token === "string" && this.tokens.has(token);
    if (token !== undefined ? !isKnown : caller.httpTokens === "required") return void reply(401, "");
    const body = await this.read(caller, path.replace(/^\/latest\//, "").replace(/\/$/, ""));
    reply(body === null ? 404 : 200, body ?? "");
  }

  private async read(caller: InstanceView, path: string): Promise<string | null> {
    const role = caller.profileArn
      ? await roleOfProfile(caller.region, caller.profileArn.split("/").at(-1) ?? "")
      : null;
    switch (path) {
      case "meta-data":
        return [
          "ami-id",
          "hostname",
          "instance-id",
          "local-hostname",
          "local-ipv4",
          "placement/",
          "public-ipv4",
          ...(role ? ["iam/"] : []),
        ].join("\n");
      case "user-data":
        return this.ec2.userDataOf(caller.id) || null;
      case "meta-data/instance-id":
        return caller.id;
      case "meta-data/local-ipv4":
        return caller.address;
      case "meta-data/public-ipv4":
        return caller.publicAddress || null;
      case "meta-data/hostname":
      case "meta-data/local-hostname":
        return hostNameOf(caller.address);
      case "meta-data/placement/availability-zone":
        return caller.zone;
      case "meta-data/placement/region":
        return caller.region;
      case "dynamic/instance-identity/document":
        return JSON.stringify({
          instanceId: caller.id,
          region: caller.region,
          availabilityZone: caller.zone,
          privateIp: caller.address,
        });
      case "meta-data/iam/security-credentials":
        return role?.name ?? null;
      default:
        return role && path === `meta-data/iam/security-credentials/${role.name}`
          ? this.credentials(caller, role)
          : null;
    }
  }

  private async credentials(caller: InstanceView, role: Role): Promise<string> {
    const answer = await ask("sts", caller.region, "AssumeRole", { RoleArn: role.arn, RoleSessionName: caller.id });
    const [found] = elements(answer, "AssumeRoleResponse", "AssumeRoleResult", "Credentials");
    if (!found) throw new Error("moto's answer to AssumeRole holds no credentials");
    this.principals.addRole(textAt(found, "AccessKeyId"), caller.region, role.name);
    return JSON.stringify({
      Code: "Success",
      Type: "AWS-HMAC",
      LastUpdated: new Date().toISOString(),
      AccessKeyId: textAt(found, "AccessKeyId"),
      SecretAccessKey: textAt(found, "SecretAccessKey"),
      Token: textAt(found, "SessionToken"),
      Expiration: textAt(found, "Expiration"),
    });
  }
}
