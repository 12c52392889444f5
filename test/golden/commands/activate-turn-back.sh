(began=$(date +%s%3N)
systemctl start prompt-library-backend@blue.service
restarts=$(systemctl show -p NRestarts --value prompt-library-backend@blue.service)
tries=0
while :; do
  code=$(curl -s -o /dev/null -m 2 -w '%{http_code}' http://127.0.0.1:8001/api/system/health || true)
  if [ "$code" = 200 ]; then break; fi
  tries=$((tries + 1))
  # Now and then: each look at systemd takes time from the backend that starts.
  if [ $((tries % 4)) != 0 ]; then sleep 0.05; continue; fi
  if ! systemctl is-active --quiet prompt-library-backend@blue.service && [ "$(systemctl show -p SubState --value prompt-library-backend@blue.service)" != auto-restart ]; then
    echo "the backend in slot blue ended by itself" >&2; exit 4
  fi
  if [ "$(systemctl show -p NRestarts --value prompt-library-backend@blue.service)" -gt "$restarts" ]; then
    echo "the backend in slot blue ended by itself and was started again by systemd" >&2; exit 4
  fi
  if [ $(($(date +%s%3N) - began)) -gt 30000 ]; then
    echo "the backend in slot blue runs, but health did not answer 200 within 30 s (last answer: $code)" >&2; exit 5
  fi
  sleep 0.05
done
echo $(($(date +%s%3N) - began))
) > /dev/null
echo 'set server slots/blue state ready; set server slots/green state drain; set server slots/door state maint' | socat -t 5 - /run/haproxy/admin.sock | (! grep .) >&2
ln -sfn serving/blue /srv/prompt-library/current.new
mv -T /srv/prompt-library/current.new /srv/prompt-library/current
sync -f /srv/prompt-library
for _ in $(seq 60); do
  sessions=$(echo 'show stat' | socat -t 5 - /run/haproxy/admin.sock | awk -F, '$1 == "slots" && $2 == "green" { print $5 }')
  if [ "$sessions" = 0 ]; then break; fi
  sleep 0.05
done
if [ "$sessions" != 0 ]; then echo 'shutdown sessions server slots/green' | socat -t 5 - /run/haproxy/admin.sock >&2; fi
systemctl stop prompt-library-backend@green.service
rm -f /var/lib/prompt-library/activation.json /var/lib/prompt-library/turn-back.sh
