import type { HostPaths } from "./paths";

/** Mozilla's profile "intermediate" (Server Side TLS), without its Diffie-Hellman of finite fields, which its later versions drop. */
const ciphers = ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"].flatMap((cipher) =>
  ["ECDSA", "RSA"].map((key) => `ECDHE-${key}-${cipher}`),
);

/** No tickets: a stolen ticket key would open all that was recorded while nginx ran. */
export function tls(paths: HostPaths): string {
  return `        ssl_certificate ${paths.tlsCertificate};
        ssl_certificate_key ${paths.tlsPrivateKey};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers ${ciphers.join(":")};
        ssl_prefer_server_ciphers off;
        ssl_ecdh_curve X25519:prime256v1:secp384r1;
        ssl_session_cache shared:tls:10m;
        ssl_session_timeout 1d;
        ssl_session_tickets off;
`;
}
