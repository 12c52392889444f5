end=$(($(date +%s) + 20))
while systemctl is-active --quiet deployment-step; do
  if [ "$(date +%s)" -ge "$end" ]; then echo "busy $(systemctl show -p Description --value deployment-step)"; exit 0; fi
  sleep 0.2
done
echo idle
