import type { Subject } from "./subject";

/**
 * Enables the check account, or disables it so that its password opens nothing: between two verifications nobody needs it.
 * @returns what was done, and whether the account is there as far as the statement shows
 * @throws Error naming the setting, the account, and what to do
 */
export async function setCheckAccount(
  { settings, execute }: Pick<Subject, "settings" | "execute">,
  state: "enabled" | "disabled",
): Promise<{ isFound: boolean; words: string }> {
  const { checkEmail, checkAccount } = settings.verification;
  const statement = state === "enabled" ? checkAccount.enable : checkAccount.disable;
  const setting = `verification.checkAccount.${state === "enabled" ? "enable" : "disable"}`;
  if (statement === "") return { isFound: true, words: `${checkEmail} is unchanged (${setting} is empty)` };
  const changed = await execute(statement, [checkEmail]).catch((error: unknown) => {
    throw new Error(
      `${checkEmail} could not be ${state} (${setting}): ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  return changed === 0
    ? { isFound: false, words: `${checkEmail} is not in the database` }
    : { isFound: true, words: `${checkEmail} is ${state}` };
}
