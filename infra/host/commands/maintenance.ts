import type { HostPaths } from "./paths";
import { quote } from "./shell";

/** What nginx shows while the service is closed. */
export function maintenancePage(publicName: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Closed for maintenance</title>
<style>body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto; padding: 0 1rem; }</style>
<h1>Closed for maintenance</h1>
<p>${publicName} is being changed and comes back shortly. Nothing that you saved is lost.</p>
</html>
`;
}

/**
 * nginx's part: while one file exists, users get that page and programs an error of the application's own form, both 503 with a time
 * to come back. A file, so that closing and opening reload nothing.
 */
export function closedMaps(backendPrefixes: readonly string[]): string {
  const path = (prefix: string) => prefix.replaceAll(".", "\\.") + (prefix.endsWith("/") ? "" : "$");
  return `    map $uri $closed {
        default @closed-page;
${backendPrefixes.map((prefix) => `        ~^${path(prefix)} @closed-backend;\n`).join("")}    }
`;
}

export function closedLocations(paths: HostPaths): string {
  return `        if (-f ${paths.maintenance}) {
            return 503;
        }
        error_page 503 $closed;
        location @closed-page {
            set $kind closed;
            rewrite ^ /maintenance.html break;
        }
        location @closed-backend {
            set $kind closed;
            default_type application/json;
            return 503 '{"error":{"code":"MAINTENANCE","message":"Closed for maintenance; try again later"}}';
        }
`;
}

export function closeScript(paths: HostPaths): string {
  return `touch ${quote(paths.maintenance)}\n`;
}

/** Prints `closed` where the service was. */
export function openScript(paths: HostPaths): string {
  return `if [ -e ${quote(paths.maintenance)} ]; then rm ${quote(paths.maintenance)}; echo closed; fi\n`;
}
