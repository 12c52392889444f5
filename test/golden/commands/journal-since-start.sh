since=$(date -d "$(systemctl show -p ExecMainStartTimestamp --value prompt-library-backend@blue.service)" +%s)
journalctl -u prompt-library-backend@blue.service --since "@$since" -n 20000 -o json --output-fields=MESSAGE,PRIORITY --no-pager _SYSTEMD_UNIT=prompt-library-backend@blue.service
