import type { Connection } from "@prompt-library/shared";
import type { FormEvent } from "react";
import { call } from "../api";
import { useData } from "../use-data";

const providers = ["openai", "anthropic", "bedrock", "microsoft-copilot"];

export function Connections() {
  const { data: connections, failure, change } = useData<Connection[]>("/connections");

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const { name, provider, key } = Object.fromEntries(new FormData(form));
    void change(() => call("POST", "/connections", { name, provider, config: { api_key: key } }).then(() => form.reset()));
  }

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
          <select name="provider">
            {providers.map((provider) => (
              <option key={provider}>{provider}</option>
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
