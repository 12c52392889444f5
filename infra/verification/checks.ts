import type { BoxId } from "../checklist/boxes";
import type { Proof } from "../checklist/result";
import { expectStatus } from "./application";
import * as functional from "./functional";
import { pagesWithoutComplaint } from "./pages";
import * as performance from "./performance";
import type { Round } from "./round";
import * as security from "./security";

/** Proves one box. @returns what was seen, or why there was nothing to look at @throws if the box fails */
export type Check = (round: Round) => Promise<Proof>;

const access = security.accessChecks();

/** In the order in which they run: the journal last, since it reports what the others caused. */
export const checks: readonly (readonly [BoxId, Check])[] = [
  ["APP-3.2", (round) => answers(round, "health", undefined)],
  ["FUN-2.1", functional.userLogsIn],
  ["APP-3.3", (round) => answers(round, "status", "user")],
  // Before these checks store anything.
  ["SEC-1.4", security.nothingInTheClear],
  ["FUN-2.5", functional.existingConnections],
  ["FUN-1.1", functional.adminLogsIn],
  ["APP-2.2", functional.systemProvidersCreated],
  ["APP-3.4", (round) => answers(round, "registryStatus", "admin")],
  ["FUN-1.2", functional.systemProvidersListed],
  ["FUN-1.3", functional.providersAnswer],
  ["FUN-1.4", functional.modelsPopulated],
  ["FUN-1.5", functional.customProvider],
  ["FUN-1.6", functional.templatesWork],
  ["FUN-2.2", functional.providersOffered],
  ["FUN-2.3", functional.connectionCreated],
  ["FUN-2.4", functional.connectionTested],
  ["FUN-3.1", functional.providersRoute],
  ["FUN-3.2", functional.templatesRoute],
  ["FUN-3.3", functional.connectionRoute],
  ["SEC-1.1", access.onlyAdminsManage],
  ["SEC-1.2", access.usersCannotModify],
  ["SEC-1.3", access.endpointsNeedAuthentication],
  ["SEC-2.1", security.canaryNotFound],
  ["WEB-1.4", pagesWithoutComplaint],
  ["PER-1.1", performance.statementsFast],
  ["PER-1.2", performance.indexesServe],
  ["PER-2.1", performance.memoryWithin],
  ["PER-2.2", performance.responseTimes],
  ["PER-2.3", performance.noTroubleInJournal],
  ["APP-3.1", performance.noErrorInJournal],
];

async function answers(
  round: Round,
  route: "health" | "status" | "registryStatus",
  who: "admin" | "user" | undefined,
): Promise<string> {
  const path = round.application.routes[route];
  const token = who === undefined ? {} : { token: await round.token(who) };
  return expectStatus(await round.application.ask("GET", path, token), path, [200]);
}
