if [ -e '/etc/systemd/system/srv-prompt\x2dlibrary-shared.mount' ]; then
  systemctl disable --quiet --now 'srv-prompt\x2dlibrary-shared.mount' || true
  rm '/etc/systemd/system/srv-prompt\x2dlibrary-shared.mount'
  systemctl daemon-reload
fi
