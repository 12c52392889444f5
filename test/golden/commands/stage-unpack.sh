archive=/srv/a.tar.gz
trap 'rm -f "$archive"' EXIT
echo "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff  $archive" | sha256sum --check --quiet --strict >&2 || {
  echo "the archive of v1.2.0 on the host is not the one that was built; it has been removed" >&2; exit 3; }
rm -rf /srv/prompt-library/releases/ffffffffffffffff.new
mkdir -p /srv/prompt-library/releases/ffffffffffffffff.new
tar -xzf "$archive" -C /srv/prompt-library/releases/ffffffffffffffff.new --no-same-owner
mv -T /srv/prompt-library/releases/ffffffffffffffff.new /srv/prompt-library/releases/ffffffffffffffff
