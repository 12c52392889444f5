import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Refusal } from "../api";
import { localAccount } from "./needed";
import { policiesOfRole } from "./roles";

/** Who calls, by the key that signed. */
export interface Principal {
  /** As the record of calls names it. */
  name: string;
  arn: string;
  /** What it may do; null for the account's owner, who may do everything. */
  policies: (() => Promise<object[]>) | null;
}

/** The key's id of each: moto believes any secret. */
export const keys = { owner: "testing", operator: "operator", preview: "preview" };

/** The account's owner, the two that docs/aws-permissions is for, and the roles of hosts, whose keys the metadata service gave out. */
export class Principals {
  private readonly known = new Map<string, Principal>([
    [keys.owner, { name: "owner", arn: `arn:aws:iam::${localAccount}:root`, policies: null }],
    [keys.operator, documented("operator", "aws-permissions.json")],
    [keys.preview, documented("preview", "aws-permissions-preview.json")],
  ]);

  of(keyId: string): Principal {
    const found = this.known.get(keyId);
    if (!found)
      throw new Refusal("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
    return found;
  }

  /** Of a session that a host's instance profile gave. */
  addRole(keyId: string, region: string, role: string): void {
    const arn = `arn:aws:sts::${localAccount}:assumed-role/${role}/host`;
    this.known.set(keyId, { name: "host", arn, policies: () => policiesOfRole(region, role) });
  }
}

/** A policy of docs/, with this cloud's account and region in the place of its examples'. Read each time: it may have changed. */
function documented(name: string, file: string): Principal {
  const path = fileURLToPath(new URL(`../../../docs/${file}`, import.meta.url));
  const read = async () => {
    const text = await readFile(path, "utf8");
    return [
      JSON.parse(text.replaceAll("111122223333", localAccount).replaceAll("eu-central-1", "us-east-1")) as object,
    ];
  };
  return { name, arn: `arn:aws:iam::${localAccount}:user/${name}`, policies: read };
}
