systemctl start prompt-library-health-check.service || true
journalctl --sync
echo "$(systemctl is-active prompt-library-health-check.timer || true) $(systemctl is-enabled prompt-library-health-check.timer || true) $(systemctl show -p ConditionResult --value prompt-library-health-check.service) $(systemctl show -p ExecMainStatus --value prompt-library-health-check.service) $(journalctl -u prompt-library-health-check.service -n 20 -o cat --no-pager | sed -n 's/^health \([0-9]*\) in .*/\1/p' | tail -1)"
