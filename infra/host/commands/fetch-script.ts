import { quote } from "./shell";

export type FetchArgs = {
  region: string;
  bucket: string;
  object: string;
  /** Where on the host. */
  archive: string;
  digest: string;
  release: string;
};

/**
 * Fetches an artifact from S3 with the host's own role, and takes it only if it is the one that was built. The role's credentials are
 * read from the metadata service, which root alone may ask, and reach curl in a file, so that they are in no process list.
 * Ends with 3 when the archive is not the one that was built, with 8 when it can't be had.
 */
export function fetchScript(args: FetchArgs): string {
  const { region, bucket, object, archive, digest, release } = args;
  const metadata = "http://169.254.169.254/latest";
  return `archive=${quote(archive)}
fetching=$(mktemp -d)
trap 'rm -rf "$fetching" "$archive"' EXIT
refuse() { printf '%s; the host rejected %s\\n' "$1" ${quote(release)} >&2; exit "$2"; }
token=$(curl -sS -f -m 10 --retry 3 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' ${metadata}/api/token) || refuse "the metadata service gave no token" 8
ask() { curl -sS -f -m 10 --retry 3 -H "X-aws-ec2-metadata-token: $token" "${metadata}/meta-data/iam/security-credentials/$1"; }
role=$(ask '') || refuse "the instance has no role: is its instance profile attached?" 8
ask "$role" > "$fetching/role" || refuse "the role $role gave no credentials" 8
jq -r '"user = \\"\\(.AccessKeyId):\\(.SecretAccessKey)\\"\\nheader = \\"x-amz-security-token: \\(.Token)\\""' "$fetching/role" > "$fetching/curlrc"
endpoint=$(sed -n 's/^AWS_ENDPOINT_URL=//p' /etc/environment)
address="\${endpoint:-https://s3.${region}.amazonaws.com}/"${quote(`${bucket}/${object}`)}
curl -sS -f --config "$fetching/curlrc" --aws-sigv4 ${quote(`aws:amz:${region}:s3`)} -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \\
  --connect-timeout 10 --speed-limit 1024 --speed-time 60 --retry 3 -o "$archive" "$address" || refuse ${quote(`s3://${bucket}/${object}`)}" could not be fetched with the role $role" 8
echo "${digest}  $archive" | sha256sum --check --status --strict ||
  refuse ${quote(`s3://${bucket}/${object} is not the archive that was built: its SHA-256 is another, so it was cut or tampered with`)} 3
`;
}

/** Ends with 9 where a release would fill the disk, before anything was written. */
export function spaceScript(args: { releases: string; release: string; bytes: number; reserveBytes: number }): string {
  const needed = Math.ceil((args.bytes + args.reserveBytes) / 1_048_576);
  return `free=$(($(df --output=avail -B1 ${quote(args.releases)} | tail -1) / 1048576))
if [ "$free" -lt ${needed} ]; then
  printf '%s needs ${needed} MiB; the host has %s MiB left on its disk. Nothing was written\\n' ${quote(args.release)} "$free" >&2; exit 9
fi
`;
}
