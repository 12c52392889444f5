mountpoint -q /srv/prompt-library/shared || { echo "the data volume is not mounted at /srv/prompt-library/shared" >&2; exit 3; }
share() { # directory
  local shared=/srv/prompt-library/shared/$1 own=/srv/prompt-library/releases/ffffffffffffffff/app/$1
  if ! [ -e "$shared" ]; then
    mkdir -p "$(dirname "$shared")"
    rm -rf "$shared.new"
    if [ -d "$own" ] && ! [ -L "$own" ]; then cp -a "$own" "$shared.new"; else mkdir "$shared.new"; fi
    chown -R prompt-library:prompt-library "$shared.new"
    chmod 0750 "$shared.new"
    mv -T "$shared.new" "$shared"
  fi
  if [ -e "$own" ] && ! [ -L "$own" ]; then rm -rf "$own.of-release"; mv -T "$own" "$own.of-release"; fi
  mkdir -p "$(dirname "$own")"
  ln -sfn "$shared" "$own"
}
share interface/backend/data
