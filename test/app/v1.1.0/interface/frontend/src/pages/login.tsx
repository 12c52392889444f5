import type { Session } from "@prompt-library/shared";
import { type FormEvent, useState } from "react";
import { call, session } from "../api";
import { go } from "../navigation";

export function Login() {
  const [failure, setFailure] = useState<string>();

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const submitter = (event.nativeEvent as SubmitEvent).submitter as HTMLButtonElement | null;
    const account = Object.fromEntries(new FormData(event.currentTarget));
    try {
      const { token } = await call<Session>("POST", submitter?.value === "register" ? "/auth/register" : "/auth/login", account);
      session.open(token);
      go("/connections");
    } catch (cause) {
      setFailure((cause as Error).message);
    }
  }

  return (
    <form onSubmit={submit}>
      <h1>Sign in</h1>
      <label>
        E-mail <input name="email" type="email" autoComplete="username" required />
      </label>
      <label>
        Password <input name="password" type="password" autoComplete="current-password" minLength={8} required />
      </label>
      <button type="submit" value="login">
        Sign in
      </button>
      <button type="submit" value="register">
        Register
      </button>
      {failure && <p role="alert">{failure}</p>}
    </form>
  );
}
