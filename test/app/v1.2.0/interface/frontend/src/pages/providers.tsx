import type { Provider, ProviderTemplate } from "@prompt-library/shared";
import type { FormEvent } from "react";
import { call } from "../api";
import { useData } from "../use-data";

export function Providers() {
  const { data: providers, failure, change } = useData<Provider[]>("/admin/providers");
  const { data: templates } = useData<ProviderTemplate[]>("/admin/provider-templates");

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const { template: templateId, ...values } = Object.fromEntries(new FormData(form));
    const template = templates?.find(({ id }) => id === templateId);
    const provider = { ...template?.provider_config, models: template?.default_models, ...values };
    void change(() => call("POST", "/admin/providers", provider).then(() => form.reset()));
  }

  return (
    <>
      <h1>Provider management</h1>
      {failure && <p role="alert">{failure}</p>}
      <table>
        <thead>
          <tr>
            <th>Provider</th>
            <th>Models</th>
            <th>Status</th>
            <th>Last test</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {providers?.map(({ id, identifier, name, is_system, models, status, test_result }) => (
            <tr key={id} data-provider={identifier}>
              <td>
                {name} {is_system && <small>(system)</small>}
              </td>
              <td>{models.map((model) => model.name).join(", ")}</td>
              <td>{status}</td>
              <td>{test_result?.message ?? "never"}</td>
              <td>
                <button type="button" onClick={() => void change(() => call("POST", `/admin/providers/${id}/test`))}>
                  Test
                </button>{" "}
                {!is_system && (
                  <button type="button" onClick={() => void change(() => call("DELETE", `/admin/providers/${id}`))}>
                    Remove
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <form onSubmit={submit}>
        <h2>New provider</h2>
        <label>
          Template{" "}
          <select name="template">
            {templates?.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Identifier <input name="identifier" pattern="[a-z0-9][a-z0-9.\-]*" required />
        </label>
        <label>
          Name <input name="name" required />
        </label>
        <label>
          Address <input name="api_endpoint" type="url" required />
        </label>
        <button type="submit">Add</button>
      </form>
    </>
  );
}
