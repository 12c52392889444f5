systemctl start prompt-library-health-check.service || true
echo "$(systemctl is-active prompt-library-health-check.timer || true) $(systemctl is-enabled prompt-library-health-check.timer || true) $(systemctl show -p ConditionResult --value prompt-library-health-check.service) $(systemctl show -p ExecMainStatus --value prompt-library-health-check.service)"
