if said=$(timeout 15 openssl s_client -connect a.example:443 -servername a.example -verify_hostname a.example -verify_return_error -CApath /etc/ssl/certs -brief </dev/null 2>&1); then
  echo "reached a.example:443 ($(echo "$said" | sed -n 's/^Protocol version: //p' | head -1))"
else
  echo "a.example:443 is not reached: $(echo "$said" | tr '\n' ' ' | cut -c1-300)"
fi
authority=$(mktemp)
base64 -d > "$authority" <<'PEM'
UEVN
PEM
if said=$(timeout 15 openssl s_client -connect b.example:8443 -servername b.example -verify_hostname b.example -verify_return_error -CAfile "$authority" -brief </dev/null 2>&1); then
  echo "reached b.example:8443 ($(echo "$said" | sed -n 's/^Protocol version: //p' | head -1))"
else
  echo "b.example:8443 is not reached: $(echo "$said" | tr '\n' ' ' | cut -c1-300)"
fi
rm -f "$authority"