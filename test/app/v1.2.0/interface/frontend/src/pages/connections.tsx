import type { Connection, OfferedProvider, TestResult } from "@prompt-library/shared";
import type { FormEvent } from "react";
import { call } from "../api";
import { useData } from "../use-data";

export function Connections() {
  const { data: connections, failure, change } = useData<Connection[]>("/connections");
  const { data: providers } = useData<OfferedProvider[]>("/providers");

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const { name, provider_id, key } = Object.fromEntries(new FormData(form));
    void change(() =>
      call("POST", "/connections", { name, provider_id, credentials: { api_key: key } }).then(() => form.reset()),
    );
  }

  const test = async (id: string) => {
    const { success, message } = await call<TestResult>("POST", `/connections/${id}/test`);
    if (!success) throw new Error(message);
  };

  return (
    <>
      <h1>Connections</h1>
      {failure && <p role="alert">{failure}</p>}
      <table>
        <thead>
          <tr>
            <th>Name</th>
            <th>Provider</th>
            <th>Status</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {connections?.map(({ id, name, provider, status }) => (
            <tr key={id}>
              <td>{name}</td>
              <td>{provider}</td>
              <td>{status}</td>
              <td>
                <button type="button" onClick={() => void change(() => test(id))}>
                  Test
                </button>{" "}
                <button type="button" onClick={() => void change(() => call("DELETE", `/connections/${id}`))}>
                  Remove
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <form onSubmit={submit}>
        <h2>New connection</h2>
        <label>
          Name <input name="name" required />
        </label>
        <label>
          Provider{" "}
          <select name="provider_id" required>
            {providers?.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Key <input name="key" type="password" autoComplete="off" required />
        </label>
        <button type="submit">Connect</button>
      </form>
    </>
  );
}
