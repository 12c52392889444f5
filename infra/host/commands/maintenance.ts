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
export function maintenanceSite(paths: HostPaths, apiPrefix: string): string {
  return `    if (-f ${paths.maintenance}) {
        return 503;
    }
    error_page 503 @maintenance;
    location @maintenance {
        add_header Retry-After 120 always;
        add_header Cache-Control "no-store" always;
        default_type application/json;
        if ($request_uri ~ "^${apiPrefix}") {
            return 503 '{"error":{"code":"MAINTENANCE","message":"Closed for maintenance; try again later"}}';
        }
        rewrite ^ /maintenance.html break;
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
