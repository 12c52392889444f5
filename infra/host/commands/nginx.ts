import { loopback } from "../../core/loopback";
import { closedLocations, closedMaps } from "./maintenance";
import { backendLocations, backendUpstream, passToBackend } from "./nginx-backend";
import { type FrontendPatterns, frontendLocations, serveFiles } from "./nginx-frontend";
import { headers } from "./nginx-headers";
import { tls } from "./nginx-tls";
import { type HostPaths, hostPaths, type Slot, slots } from "./paths";

export type NginxArgs = {
  application: string;
  publicName: string;
  /** Requests for these go to the backend (`isBackendPath`); all others are files. */
  backendPrefixes: readonly string[];
  frontend: FrontendPatterns;
  /** Which origins may show the pages in a frame, in the words of `Content-Security-Policy`. */
  frameAncestors: readonly string[];
  maxBodyMiB: number;
  ports: Record<Slot, number>;
};

/**
 * nginx's whole configuration, in the place of Debian's own, which allows TLS 1.0 and 384 websockets: the public site and one listener
 * for each slot. A deployment never reloads it: HAProxy switches the traffic behind it, since nginx before 1.27.4 closes idle
 * keep-alive connections at a reload.
 *
 * What holds for all servers stands above them, headers above all: a server or location that adds one of its own loses all of
 * these. So a location only says what `$kind` its answers are, and the headers follow from that. Each server is the only one of its
 * port and bears no name: nginx has room for names of about 50 characters.
 */
export function nginxConfig(args: NginxArgs): string {
  const paths = hostPaths(args.application);
  return `user www-data;
worker_processes auto;
worker_rlimit_nofile 16384;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;

events {
    worker_connections 8192;
}

http {
    server_tokens off;
    access_log /var/log/nginx/access.log;
    root ${paths.root};

${headers(args.frameAncestors)}
${serveFiles}
${passToBackend(args)}
${closedMaps(args.backendPrefixes)}
${backendUpstream(args.application)}
${httpServer(args.publicName)}
${publicServer(args, paths)}
${slots.map((slot) => slotServer(args, slot)).join("\n")}}
`;
}

function httpServer(publicName: string): string {
  return `    server {
        listen 80 default_server;
        return 308 https://${publicName}$request_uri;
    }
`;
}

function publicServer(args: NginxArgs, paths: HostPaths): string {
  return `    server {
        listen 443 ssl http2 default_server;
${tls(paths)}
${closedLocations(paths)}
${backendLocations(args.backendPrefixes, `${args.application}-backend`)}
${frontendLocations(args.frontend, { files: "/current/frontend", kept: "/kept-files" })}    }
`;
}

/** A release as users will have it, before they do: what verification looks at. */
function slotServer(args: NginxArgs, slot: Slot): string {
  return `    server {
        listen 127.0.0.1:${loopback.preview[slot]};

${backendLocations(args.backendPrefixes, `127.0.0.1:${args.ports[slot]}`)}
${frontendLocations(args.frontend, { files: `/slots/${slot}/frontend` })}    }
`;
}
