import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** What of botocore's description of a service is read here. */
interface Model {
  operations: Record<string, { http: { method: string; requestUri: string }; input?: { shape: string } }>;
  shapes: Record<
    string,
    { required?: string[]; members?: Record<string, { location?: string; locationName?: string }> }
  >;
}

interface Operation {
  name: string;
  method: string;
  path: RegExp;
  /** Of the path's groups, in order. */
  names: string[];
  query: string[];
  headers: string[];
}

export interface RestRequest {
  method: string;
  /** With its query. */
  url: string;
  headers: Readonly<Record<string, unknown>>;
}

/** The operations of the services that speak REST, told apart by method, path, query and headers, as botocore describes them. */
export class RestOperations {
  private readonly known = new Map<string, Operation[]>();

  /** @param descriptions botocore's `data` directory */
  constructor(private readonly descriptions: string) {}

  find(service: string, { method, url, headers }: RestRequest): { name: string; values: Record<string, string> } {
    const { pathname, searchParams } = new URL(url, "http://endpoint");
    const matching = this.of(service)
      .filter(
        (operation) =>
          operation.method === method &&
          operation.path.test(pathname) &&
          operation.query.every((key) => searchParams.has(key)) &&
          operation.headers.every((name) => name in headers),
      )
      .sort((a, b) => b.query.length + b.headers.length - (a.query.length + a.headers.length));
    const [operation] = matching;
    if (!operation) throw new Error(`no operation of ${service} is a ${method} of ${url}`);
    const groups = operation.path.exec(pathname)?.slice(1) ?? [];
    const values = operation.names.map((name, index) => [name, decodeURIComponent(groups[index] ?? "")]);
    return { name: operation.name, values: Object.fromEntries(values) };
  }

  private of(service: string): Operation[] {
    const found = this.known.get(service) ?? readModel(join(this.descriptions, service));
    this.known.set(service, found);
    return found;
  }
}

function readModel(directory: string): Operation[] {
  const newest = readdirSync(directory).sort().at(-1) ?? "";
  const text = gunzipSync(readFileSync(join(directory, newest, "service-2.json.gz"))).toString();
  const { operations, shapes } = JSON.parse(text) as Model;
  return Object.entries(operations).map(([name, { http, input }]) => {
    const [path = "", query = ""] = http.requestUri.split("?");
    const { required = [], members = {} } = shapes[input?.shape ?? ""] ?? {};
    const needed = (location: string) =>
      required.flatMap((member) =>
        members[member]?.location === location ? (members[member].locationName ?? []) : [],
      );
    return {
      name,
      method: http.method,
      path: new RegExp(
        `^${path
          .replace(/\{\w+\}/g, "([^/]+)")
          .replace(/\{\w+\+\}/g, "(.+)")
          .replace(/\/$/, "")}/?$`,
      ),
      names: [...path.matchAll(/\{(\w+)\+?\}/g)].map(([, group = ""]) => group),
      query: [...new URLSearchParams(query).keys(), ...needed("querystring")],
      headers: needed("header").map((header) => header.toLowerCase()),
    };
  });
}
