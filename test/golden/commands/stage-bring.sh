install -d -m 0755 /srv/prompt-library/releases /srv/prompt-library/slots
if [ -d /srv/prompt-library/releases/ffffffffffffffff ]; then found=there; else
found=brought
# What an earlier run, cut off by a reboot, may have left.
rm -rf /srv/prompt-library/releases/ffffffffffffffff.new /srv/prompt-library/releases/ffffffffffffffff.tar.gz
free=$(($(df --output=avail -B1 /srv/prompt-library/releases | tail -1) / 1048576))
if [ "$free" -lt 312 ]; then
  printf '%s needs 312 MiB; the host has %s MiB left on its disk. Nothing was written\n' v1.2.0 "$free" >&2; exit 9
fi
archive=/srv/prompt-library/releases/ffffffffffffffff.tar.gz
fetching=$(mktemp -d)
trap 'rm -rf "$fetching" "$archive"' EXIT
refuse() { printf '%s; the host rejected %s\n' "$1" v1.2.0 >&2; exit "$2"; }
token=$(curl -sS -f -m 10 --retry 3 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' http://169.254.169.254/latest/api/token) || refuse "the metadata service gave no token" 8
ask() { curl -sS -f -m 10 --retry 3 -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/meta-data/iam/security-credentials/$1"; }
role=$(ask '') || refuse "the instance has no role: is its instance profile attached?" 8
ask "$role" > "$fetching/role" || refuse "the role $role gave no credentials" 8
jq -r '"user = \"\(.AccessKeyId):\(.SecretAccessKey)\"\nheader = \"x-amz-security-token: \(.Token)\""' "$fetching/role" > "$fetching/curlrc"
endpoint=$(sed -n 's/^AWS_ENDPOINT_URL=//p' /etc/environment)
address="${endpoint:-https://s3.eu-central-1.amazonaws.com}/"artifacts/artifacts/ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff.tar.gz
curl -sS -f --config "$fetching/curlrc" --aws-sigv4 aws:amz:eu-central-1:s3 -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \
  --connect-timeout 10 --speed-limit 1024 --speed-time 60 --retry 3 -o "$archive" "$address" || refuse s3://artifacts/artifacts/ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff.tar.gz" could not be fetched with the role $role" 8
echo "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff  $archive" | sha256sum --check --status --strict ||
  refuse 's3://artifacts/artifacts/ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff.tar.gz is not the archive that was built: its SHA-256 is another, so it was cut or tampered with' 3
trap 'rm -rf "$fetching" "$archive" /srv/prompt-library/releases/ffffffffffffffff.new' EXIT
mkdir /srv/prompt-library/releases/ffffffffffffffff.new
tar -xzf "$archive" -C /srv/prompt-library/releases/ffffffffffffffff.new --no-same-owner
sync -f /srv/prompt-library/releases/ffffffffffffffff.new
mv -T /srv/prompt-library/releases/ffffffffffffffff.new /srv/prompt-library/releases/ffffffffffffffff
fi
made=$(mktemp -d /srv/prompt-library/kept-files.XXXXXXXX)
chmod 755 "$made"
for frontend in /srv/prompt-library/releases/*/frontend; do
  # A run that was cut off may have left half a release.
  if [ ! -d "$frontend" ] || [[ $frontend == *.new/frontend ]]; then continue; fi
  # Of a name that is a file in one release and a directory in another, the serving release has its own.
  cp -al --force "$frontend/." "$made/" || echo "not every file of $frontend is kept for pages that are open" >&2
done
ln -sfn "$(basename "$made")" /srv/prompt-library/kept-files.new
mv -T /srv/prompt-library/kept-files.new /srv/prompt-library/kept-files
find /srv/prompt-library -maxdepth 1 -name 'kept-files.????????' ! -path "$made" -exec rm -rf {} +
echo "$found"
