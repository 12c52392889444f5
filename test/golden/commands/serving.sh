mkdir -p /srv/prompt-library/serving/none
mkdir -p /srv/prompt-library/serving/blue
ln -sfn ../../slots/blue/frontend /srv/prompt-library/serving/blue/frontend
mkdir -p /srv/prompt-library/serving/green
ln -sfn ../../slots/green/frontend /srv/prompt-library/serving/green/frontend
slot=$(basename "$(readlink /srv/prompt-library/current || echo none)")
if [ "$(readlink /srv/prompt-library/current || true)" != "serving/$slot" ]; then
  ln -sfn "serving/$slot" /srv/prompt-library/current.new
  mv -T /srv/prompt-library/current.new /srv/prompt-library/current
fi
