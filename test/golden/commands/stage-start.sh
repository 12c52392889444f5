began=$(date +%s%3N)
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
