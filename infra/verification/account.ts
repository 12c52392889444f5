import type { Subject } from "./subject";

/**
 * Lets the checks' own user in, or keeps everybody out who knows its password: between two verifications nobody needs that account.
 * @returns what came of it
 * @throws Error naming the setting, the account, and what to do
 */
export async function setCheckAccount(
  { settings, execute }: Pick<Subject, "settings" | "execute">,
  state: "enabled" | "disabled",
): Promise<string> {
  const { checkEmail, checkAccount } = settings.verification;
  const statement = state === "enabled" ? checkAccount.enable : checkAccount.disable;
  const setting = `verification.checkAccount.${state === "enabled" ? "enable" : "disable"}`;
  if (statement === "") return `${checkEmail} stays as it is (${setting} is empty)`;
  const changed = await execute(statement, [checkEmail]).catch((error: unknown) => {
    throw new Error(
      `${checkEmail} could not be ${state} (${setting}): ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  return changed === 0 ? `${checkEmail} is not in the database` : `${checkEmail} is ${state}`;
}
