import { maintenanceSite } from "./maintenance";
import { hostPaths, loopback, type Slot, slots } from "./paths";

export type SiteArgs = {
  application: string;
  publicName: string;
  /** Requests below this path go to the backend; all others are files. */
  apiPrefix: string;
  ports: Record<Slot, number>;
};

/**
 * The public site and one listener for each slot. Never reloaded by a deployment: traffic is turned behind it, by HAProxy,
 * since nginx before 1.27.4 closes idle keep-alive connections at a reload.
 */
export function nginxSite(args: SiteArgs): string {
  const paths = hostPaths(args.application);
  return `map $http_upgrade $upgrade_or_keep {
    default upgrade;
    '' '';
}

upstream ${args.application}-backend {
    server 127.0.0.1:${loopback.backend};
    keepalive 32;
}

server {
    listen 80 default_server;
    server_name ${args.publicName};
    return 308 https://$host$request_uri;
}

server {
    listen 443 ssl http2 default_server;
    server_name ${args.publicName};
    ssl_certificate ${paths.tlsCertificate};
    ssl_certificate_key ${paths.tlsPrivateKey};
    ssl_protocols TLSv1.2 TLSv1.3;
    add_header Strict-Transport-Security "max-age=31536000" always;
    root ${paths.root};

${maintenanceSite(paths, args.apiPrefix)}
    location ${args.apiPrefix} {
        proxy_pass http://${args.application}-backend;
${proxyHeaders}
    }

    # Both releases' hashed files at once: pages that are open still ask for the old ones.
    location / {
        try_files /current/frontend$uri /slots/blue/frontend$uri /slots/green/frontend$uri @page;
    }
    location @page {
        add_header Cache-Control "no-cache" always;
        rewrite ^ /current/frontend/index.html break;
    }
    location ~ /index\\.html$ {
        add_header Cache-Control "no-cache" always;
        try_files /current/frontend/index.html =404;
    }
}
${slots.map((slot) => slotSite(args, slot)).join("")}`;
}

function slotSite(args: SiteArgs, slot: Slot): string {
  return `
server {
    listen 127.0.0.1:${loopback.preview[slot]};
    server_name _;
    root ${hostPaths(args.application).slot(slot)}/frontend;

    location ${args.apiPrefix} {
        proxy_pass http://127.0.0.1:${args.ports[slot]};
${proxyHeaders}
    }
    location / {
        try_files $uri /index.html;
    }
}
`;
}

const proxyHeaders = `        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $upgrade_or_keep;`;
