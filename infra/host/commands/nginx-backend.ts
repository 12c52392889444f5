import { loopback } from "../../core/loopback";

/** nginx keeps its connections to HAProxy for a minute and closes them first: one that HAProxy closed just then would cost a POST. */
export function backendUpstream(application: string): string {
  return `    upstream ${application}-backend {
        server 127.0.0.1:${loopback.backend};
        keepalive 32;
        keepalive_timeout 60s;
    }
`;
}

/**
 * What the backend is told of a request is what nginx saw: headers in which a client may claim something else are set here, and HAProxy takes
 * away the rest of their kind.
 * How long an answer or a quiet websocket may take is HAProxy's to say, so nginx waits longer than HAProxy ever does.
 */
export function passToBackend({ publicName, maxBodyMiB }: { publicName: string; maxBodyMiB: number }): string {
  return `    map $http_upgrade $upgrade_or_keep {
        default upgrade;
        '' '';
    }
    client_max_body_size ${maxBodyMiB}m;
    proxy_http_version 1.1;
    proxy_read_timeout 2h;
    proxy_send_timeout 2h;
    proxy_set_header Host ${publicName};
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto https;
    proxy_set_header X-Forwarded-Host ${publicName};
    proxy_set_header X-Forwarded-Port 443;
    proxy_set_header Forwarded '';
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $upgrade_or_keep;
    proxy_hide_header X-Powered-By;
    proxy_hide_header Strict-Transport-Security;
    proxy_hide_header X-Content-Type-Options;
    # nginx sends /api to /api/: by the path alone, since the host would be the one that the client names.
    absolute_redirect off;
`;
}

/**
 * Before any pattern of files (`^~`): an export named `.csv` is the backend's all the same. Not compressed: an answer that mixes a
 * secret with what a stranger sent would tell the secret by its length.
 */
export function backendLocations(prefixes: readonly string[], upstream: string): string {
  return prefixes
    .map(
      (prefix) => `        location ${prefix.endsWith("/") ? "^~" : "="} ${prefix} {
            set $kind backend;
            gzip off;
            proxy_pass http://${upstream};
        }
`,
    )
    .join("");
}
