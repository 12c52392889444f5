/**
 * Headers of every answer, errors included; nginx leaves out one whose value is empty.
 *
 * A hashed file is kept by browsers for a year and never asked for again; any other is asked for each time and answered with 304 while
 * it is the same, so that nobody sees a page of one release with files of another. An error is kept by nobody: a rollback may bring
 * the file. How long its answers are kept, and what it says of referrers and of frames, is the application's own: a second policy
 * beside its own would forbid what either of them forbids.
 */
export function headers(frameAncestors: readonly string[]): string {
  return `    map "$kind $status" $cache_control {
        default no-store;
        "~^hashed (200|304)$" "public, max-age=31536000, immutable";
        "~^file (200|304)$" no-cache;
        "~^backend " '';
    }
    map $upstream_http_referrer_policy $referrer_policy {
        default '';
        '' strict-origin-when-cross-origin;
    }
    map $upstream_http_content_security_policy $content_security_policy {
        default "frame-ancestors ${frameAncestors.join(" ")}";
        ~frame-ancestors '';
    }
    # Browsers heed it over TLS alone. Two years, as Mozilla advises.
    map $https $strict_transport_security {
        default '';
        on max-age=63072000;
    }
    map $kind $retry_after {
        default '';
        closed 120;
    }
    add_header Cache-Control $cache_control always;
    add_header Content-Security-Policy $content_security_policy always;
    add_header Referrer-Policy $referrer_policy always;
    add_header Retry-After $retry_after always;
    add_header Strict-Transport-Security $strict_transport_security always;
    add_header X-Content-Type-Options nosniff always;
`;
}
