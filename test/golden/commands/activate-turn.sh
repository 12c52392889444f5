systemctl enable --quiet prompt-library-backend@green.service
echo 'set server slots/green state ready; set server slots/blue state drain' | socat -t 5 - /run/haproxy/admin.sock | (! grep .) >&2
base64 -d > /etc/haproxy/haproxy.cfg.new <<'CONTENT'
Z2xvYmFsCg==
CONTENT
chmod 0644 /etc/haproxy/haproxy.cfg.new
mv /etc/haproxy/haproxy.cfg.new /etc/haproxy/haproxy.cfg
ln -sfn slots/green /srv/prompt-library/current.new
mv -T /srv/prompt-library/current.new /srv/prompt-library/current
systemctl disable --quiet prompt-library-backend@blue.service
