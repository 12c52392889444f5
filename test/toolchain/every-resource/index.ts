import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { database } from "./database";
import { host } from "./host";
import { monitoring } from "./monitoring";
import { network } from "./network";
import { storage } from "./storage";

const { vpcId, publicSubnetId, databaseSubnetIds, hostGroupId, databaseGroupId } = network();
const { profileName } = host({ subnetId: publicSubnetId, securityGroupId: hostGroupId });
const databaseIdentifier = database({ subnetIds: databaseSubnetIds, securityGroupId: databaseGroupId });
storage();
monitoring({ vpcId, databaseIdentifier });

const step = new command.local.Command("step", {
  create: 'cat >&2; printf "%s %s" "$PLAIN" "$(printf %s "$HIDDEN" | wc -c)"',
  stdin: pulumi.secret("from the standard input"),
  environment: { PLAIN: "plain", HIDDEN: pulumi.secret("a secret of 24 letters..") },
  triggers: [vpcId, profileName],
});

export const stepPrinted = step.stdout;
