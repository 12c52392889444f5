/** Asks the operator until the answer is one that `check` has nothing against. */
export type Ask = (
  question: string,
  options: { default?: string; isSecret?: boolean; check?: (answer: string) => Promise<string | undefined> },
) => Promise<string>;

/** Asks at the terminal; nobody where there is none. */
export async function askerAtTerminal(): Promise<Ask | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const [{ default: input }, { default: password }] = await Promise.all([
    import("@inquirer/input"),
    import("@inquirer/password"),
  ]);
  return async (message, { default: found, isSecret = false, check }) => {
    const validate = async (answer: string) => (await check?.(answer)) ?? true;
    return isSecret
      ? password({ message, mask: "*", validate })
      : input({ message, validate, ...(found !== undefined && { default: found }) });
  };
}
