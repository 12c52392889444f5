curl -s -m 5 http://127.0.0.1:8102/ | grep -qi '<html' || { echo "/ is not a page" >&2; exit 7; }
find /srv/prompt-library/slots/green/ -type f -exec cat {} + > /dev/null
systemctl reset-failed prompt-library-backend@green.service 2>/dev/null || true
now() { date +%s%3N; }
held=$(now)
give_back() {
  status=$?
  trap - EXIT
  systemctl stop prompt-library-backend@green.service
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
) > /dev/null || echo "and the backend in slot blue did not come up again" >&2
  echo 'set server slots/blue state ready; set server slots/green state drain; set server slots/door state maint' | socat -t 5 - /run/haproxy/admin.sock | (! grep .) >&2
  ln -sfn serving/blue /srv/prompt-library/current.new
  mv -T /srv/prompt-library/current.new /srv/prompt-library/current
  sync -f /srv/prompt-library
  exit "$status"
}
trap give_back EXIT
echo 'set server slots/door state ready; set server slots/blue state drain' | socat -t 5 - /run/haproxy/admin.sock | (! grep .) >&2
for _ in $(seq 60); do
  sessions=$(echo 'show stat' | socat -t 5 - /run/haproxy/admin.sock | awk -F, '$1 == "slots" && $2 == "blue" { print $5 }')
  if [ "$sessions" = 0 ]; then break; fi
  sleep 0.05
done
if [ "$sessions" != 0 ]; then echo 'shutdown sessions server slots/blue' | socat -t 5 - /run/haproxy/admin.sock >&2; fi
drained=$(now)
systemctl stop prompt-library-backend@blue.service
stopped=$(now)
(began=$(date +%s%3N)
systemctl start prompt-library-backend@green.service
restarts=$(systemctl show -p NRestarts --value prompt-library-backend@green.service)
tries=0
while :; do
  code=$(curl -s -o /dev/null -m 2 -w '%{http_code}' http://127.0.0.1:8002/api/system/health || true)
  if [ "$code" = 200 ]; then break; fi
  tries=$((tries + 1))
  # Now and then: each look at systemd takes time from the backend that starts.
  if [ $((tries % 4)) != 0 ]; then sleep 0.05; continue; fi
  if ! systemctl is-active --quiet prompt-library-backend@green.service && [ "$(systemctl show -p SubState --value prompt-library-backend@green.service)" != auto-restart ]; then
    echo "the backend in slot green ended by itself" >&2; exit 4
  fi
  if [ "$(systemctl show -p NRestarts --value prompt-library-backend@green.service)" -gt "$restarts" ]; then
    echo "the backend in slot green ended by itself and was started again by systemd" >&2; exit 4
  fi
  if [ $(($(date +%s%3N) - began)) -gt 30000 ]; then
    echo "the backend in slot green runs, but health did not answer 200 within 30 s (last answer: $code)" >&2; exit 5
  fi
  sleep 0.05
done
echo $(($(date +%s%3N) - began))
) > /dev/null
started=$(now)
told=$(curl -s -m 5 http://127.0.0.1:8102/api/system/health | jq -r 'getpath(["version"]) // empty' || true)
if [ "$told" != v1.2.0 ]; then
  printf 'the health endpoint reports %s; expected %s\n' "${told:-no release}" v1.2.0 >&2; exit 7
fi
trap - EXIT
echo 'set server slots/green state ready; set server slots/blue state drain; set server slots/door state maint' | socat -t 5 - /run/haproxy/admin.sock | (! grep .) >&2
turned=$(now)
ln -sfn serving/green /srv/prompt-library/current.new
mv -T /srv/prompt-library/current.new /srv/prompt-library/current
sync -f /srv/prompt-library
printf '{"heldMs":%d,"drainMs":%d,"stopMs":%d,"startMs":%d,"askMs":%d}' $((turned - held)) $((drained - held)) $((stopped - drained)) $((started - stopped)) $((turned - started))
