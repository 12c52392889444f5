if [ -e /etc/systemd/system/prompt-library-backend@green.service ]; then systemctl stop prompt-library-backend@green.service; systemctl reset-failed prompt-library-backend@green.service 2>/dev/null || true; fi
rm -f /var/lib/prompt-library/green.json
(umask 077; base64 -d > /etc/prompt-library/slots/green.env.new) <<'CONTENT'
UE9SVD0iODAwMiIK
CONTENT
chmod 0600 /etc/prompt-library/slots/green.env.new
mv /etc/prompt-library/slots/green.env.new /etc/prompt-library/slots/green.env
(umask 077; base64 -d > /etc/systemd/system/prompt-library-backend@green.service.new) <<'CONTENT'
W1NlcnZpY2VdCg==
CONTENT
chmod 0644 /etc/systemd/system/prompt-library-backend@green.service.new
mv /etc/systemd/system/prompt-library-backend@green.service.new /etc/systemd/system/prompt-library-backend@green.service
systemctl daemon-reload
ln -sfn /srv/prompt-library/releases/ffffffffffffffff /srv/prompt-library/slots/green.new
mv -T /srv/prompt-library/slots/green.new /srv/prompt-library/slots/green
(umask 077; base64 -d > /var/lib/prompt-library/green.json.new) <<'CONTENT'
e30=
CONTENT
chmod 0644 /var/lib/prompt-library/green.json.new
mv /var/lib/prompt-library/green.json.new /var/lib/prompt-library/green.json
