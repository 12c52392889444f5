install -d -m 0700 /run/deployment-step
exec 9> /run/deployment-step/lock
flock 9
if [ -e /run/deployment-step/0123456789abcdef.sh ] || [ -e /run/deployment-step/0123456789abcdef.status ]; then echo started; exit 0; fi
if systemctl is-active --quiet deployment-step; then echo "busy $(systemctl show -p Description --value deployment-step)"; exit 0; fi
find /run/deployment-step -type f -mmin +60 ! -name lock -delete
(umask 077; base64 -d > /run/deployment-step/0123456789abcdef.sh.new) <<'CONTENT'
dHJ1ZQo=
CONTENT
chmod 0600 /run/deployment-step/0123456789abcdef.sh.new
mv /run/deployment-step/0123456789abcdef.sh.new /run/deployment-step/0123456789abcdef.sh
(umask 077; base64 -d > /run/deployment-step/0123456789abcdef.run.new) <<'CONTENT'
YmFzaCAtZXVvIHBpcGVmYWlsIC9ydW4vZGVwbG95bWVudC1zdGVwLzAxMjM0NTY3ODlhYmNkZWYuc2ggPiAvcnVuL2RlcGxveW1lbnQtc3RlcC8wMTIzNDU2Nzg5YWJjZGVmLm91dCAyPiAvcnVuL2RlcGxveW1lbnQtc3RlcC8wMTIzNDU2Nzg5YWJjZGVmLmVyciA8IC9kZXYvbnVsbCB8fCBzdGF0dXM9JD8Kcm0gLWYgL3J1bi9kZXBsb3ltZW50LXN0ZXAvMDEyMzQ1Njc4OWFiY2RlZi5zaAplY2hvICIke3N0YXR1czotMH0iID4gL3J1bi9kZXBsb3ltZW50LXN0ZXAvMDEyMzQ1Njc4OWFiY2RlZi5zdGF0dXMubmV3Cm12IC9ydW4vZGVwbG95bWVudC1zdGVwLzAxMjM0NTY3ODlhYmNkZWYuc3RhdHVzLm5ldyAvcnVuL2RlcGxveW1lbnQtc3RlcC8wMTIzNDU2Nzg5YWJjZGVmLnN0YXR1cwo=
CONTENT
chmod 0600 /run/deployment-step/0123456789abcdef.run.new
mv /run/deployment-step/0123456789abcdef.run.new /run/deployment-step/0123456789abcdef.run
systemd-run --quiet --collect --unit=deployment-step --description='unpacking v1.2.0' --property=RuntimeMaxSec=300 --setenv=HOME=/root /bin/bash /run/deployment-step/0123456789abcdef.run 9>&-
echo started
