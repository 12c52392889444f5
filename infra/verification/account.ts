import type { Subject } from "./subject";

/**
 * Enables the check account, or disables it so that its password opens nothing: between two verifications nobody needs it.
 * @returns what was done
 * @throws Error naming the setting, the account, and what to do
 */
export async function setCheckAccount(
  { settings, execute }: Pick<Subject, "settings" | "execute">,
  state: "enabled" | "disabled",
): Promise<string> {
  const { checkEmail, checkAccount } = settings.verification;
  const statement = state === "enabled" ? checkAccount.enable : checkAccount.disable;
  const setting = `verification.checkAccount.${state === "enabled" ? "enable" : "disable"}`;
  if (statement === "") return `${checkEmail} is unchanged (${setting} is empty)`;
  const changed = await execute(statement, [checkEmail]).catch((error: unknown) => {
    throw new Error(
      `${checkEmail} could not be ${state} (${setting}): ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  return changed === 0 ? `${checkEmail} is not in the database` : `${checkEmail} is ${state}`;
}
