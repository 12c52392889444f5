import { executeAsServing, withClient } from "../../context/database-connection";
import { readHostState } from "../../context/host-state";
import type { StepContext } from "../../context/step";
import { schemaVersion } from "../../database/migrations/journal";
import { backendUnit } from "../../host/commands/paths";
import { toldReleaseProblem } from "../../host/commands/told-release";
import { PublicSite } from "../../host/public-site";
import { type Answer, describeServed, type HostAnswer } from "../../report/served";
import { setCheckAccount } from "../../verification/account";

/** For each question separately: after a failure any of them may have nobody to answer it. */
const deadlineMs = 20_000;

/**
 * Asks on the host, in the database and through the public address what is served.
 * @param options.mayLogIn logging in lets the checks' account in for a moment: not while another deployment is at work
 */
export async function askServed(context: StepContext, { mayLogIn }: { mayLogIn: boolean }): Promise<string> {
  const at = new Date();
  const { settings, host, publicAuthority } = context.input;
  const certificate = { chain: settings.keys.tlsCertificate, authority: publicAuthority };
  const site = new PublicSite(host.address, settings.network.publicName, certificate);
  const [onHost, schema, page, health, login] = await Promise.all([
    answerOf(() => askHost(context)),
    answerOf(() => withClient(context.connect("readonly"), schemaVersion)),
    answerOf(async () => (await site.get("/")).status),
    answerOf(() => site.get(settings.app.routes.health)),
    mayLogIn ? answerOf(() => askLogin(context, site)) : undefined,
  ]);
  const release = onHost.value?.release;
  const problem =
    health.value?.status === 200 && release !== undefined
      ? toldReleaseProblem(health.value.body, settings.app.healthReleaseField, release)
      : undefined;
  return describeServed({
    at,
    host: onHost,
    schema,
    page,
    health: health.value === undefined ? { problem: health.problem ?? "" } : { value: health.value.status },
    ...(problem === undefined ? {} : { otherRelease: problem }),
    account: settings.verification.checkEmail,
    login,
  });
}

async function askHost(context: StepContext): Promise<HostAnswer> {
  const { serving, slots } = await readHostState(context);
  if (serving === null) return null;
  const unit = backendUnit(context.input.settings.app.name, serving);
  const [backend = "", since = ""] = (
    await context.host.run(
      "asking after the backend",
      `systemctl show -p ActiveState --value ${unit}
date -u -d "$(systemctl show -p ActiveEnterTimestamp --value ${unit})" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || true`,
      { timeoutMs: deadlineMs },
    )
  ).split("\n");
  return { slot: serving, release: slots[serving]?.release, backend, since };
}

/** The status that the login of the checks' account gets; null where the account is not in the database. */
async function askLogin(context: StepContext, site: PublicSite): Promise<number | null> {
  const { settings } = context.input;
  const subject = {
    settings,
    execute: (statement: string, values: string[]) => executeAsServing(context, statement, values),
  };
  if (!(await setCheckAccount(subject, "enabled")).isFound) return null;
  try {
    const { checkEmail: email } = settings.verification;
    return (await site.post(settings.app.routes.login, { email, password: settings.secrets.checkPassword })).status;
  } finally {
    await setCheckAccount(subject, "disabled");
  }
}

async function answerOf<T>(question: () => Promise<T>): Promise<Answer<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${deadlineMs / 1000} s`)), deadlineMs);
  });
  try {
    return { value: await Promise.race([question(), late]) };
  } catch (error) {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    // What was asked, and where, stands beside it.
    return { problem: reason.replace(/^https:\S+ at \S+: /, "") };
  } finally {
    clearTimeout(timer);
  }
}
