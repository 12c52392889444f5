systemctl stop prompt-library-turn-back.timer 2>/dev/null || true
systemctl reset-failed prompt-library-turn-back.service 2>/dev/null || true
(umask 077; base64 -d > /var/lib/prompt-library/turn-back.sh.new) <<'CONTENT'
c2V0IC1ldW8gcGlwZWZhaWwKdHJ1ZQo=
CONTENT
chmod 0644 /var/lib/prompt-library/turn-back.sh.new
mv /var/lib/prompt-library/turn-back.sh.new /var/lib/prompt-library/turn-back.sh
(umask 077; base64 -d > /var/lib/prompt-library/activation.json.new) <<'CONTENT'
eyJ0byI6ImdyZWVuIiwiZnJvbSI6ImJsdWUifQ==
CONTENT
chmod 0644 /var/lib/prompt-library/activation.json.new
mv /var/lib/prompt-library/activation.json.new /var/lib/prompt-library/activation.json
systemd-run --quiet --collect --unit=prompt-library-turn-back --on-active=125 --timer-property=AccuracySec=1s /bin/bash /var/lib/prompt-library/turn-back.sh
