export type FrontendPatterns = {
  /** Paths whose name changes with their content, a regular expression. */
  hashedFiles: string;
  /** Paths that are never a page of the application's own router, a regular expression. */
  files: string;
};

/** Two types that Debian's list lacks: browsers run no module and read no manifest of an unknown type. */
export const serveFiles = `    include /etc/nginx/mime.types;
    types {
        application/javascript mjs;
        application/manifest+json webmanifest;
    }
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;
    gzip on;
    gzip_vary on;
    gzip_min_length 256;
    gzip_types text/plain text/css text/xml application/javascript application/json application/manifest+json
        application/wasm application/xml image/svg+xml font/ttf;
`;

/**
 * Hashed files also of the other releases that the host keeps, since pages that are open still ask for theirs. Where a file is
 * missing, a page in its place would be run as a script and kept as one.
 * @param places below the root
 */
export function frontendLocations(patterns: FrontendPatterns, places: { files: string; kept?: string }): string {
  const { files, kept } = places;
  return `        location ~ ${quotePattern(patterns.hashedFiles)} {
            set $kind hashed;
            try_files ${files}$uri${kept === undefined ? "" : ` ${kept}$uri`} =404;
        }
        location ~ ${quotePattern(patterns.files)} {
            set $kind file;
            try_files ${files}$uri =404;
        }
        location / {
            set $kind file;
            try_files ${files}$uri @page;
        }
        location @page {
            set $kind file;
            rewrite ^ ${files}/index.html break;
        }
`;
}

/** In quotes nginx reads a backslash before another one, a quote, t, r or n as its own. */
function quotePattern(pattern: string): string {
  return `"${pattern.replace(/[\\"]/g, "\\$&")}"`;
}
