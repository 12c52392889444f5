import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { join } from "node:path";
import { databaseCertificate } from "./certificates";
import { gatewayAddress, providersName } from "./names";

/** What the sample application's PROVIDER_ENDPOINT_OVERRIDE names, plain, and where a TLS connection is looked for. */
export const providerPorts = { http: 8080, https: 443 } as const;

/** A key that begins so is turned down, as a provider turns down one that it does not know. */
const refusedKey = /^(Bearer )?sk-refused/;

/** Stands for every provider: `/IDENTIFIER/…/models` lists one model. */
export const answerAsProvider: RequestListener = (request, response) => {
  const [, identifier = ""] = (request.url ?? "").split("/");
  const reply = (status: number, body: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (!/\/models$/.test((request.url ?? "").split("?")[0] ?? ""))
    return void reply(404, { error: { message: "no such route" } });
  if (refusedKey.test(request.headers.authorization ?? ""))
    return void reply(401, { error: { message: "this key is not known" } });
  reply(200, { data: [{ id: `${identifier}-model`, object: "model" }] });
};

/** Answers on the hosts' gateway, under a name that its certificate bears. */
export async function serveProviders(home: string): Promise<void> {
  const { certificate, key } = await databaseCertificate(home, providersName, join(home, "providers"));
  const secure = createSecureServer({ cert: await readFile(certificate), key: await readFile(key) }, answerAsProvider);
  await once(createServer(answerAsProvider).listen(providerPorts.http, gatewayAddress), "listening");
  await once(secure.listen(providerPorts.https, gatewayAddress), "listening");
}
