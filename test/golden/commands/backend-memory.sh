counted=$(systemctl show -p MemoryCurrent --value prompt-library-backend@blue.service)
case "$counted" in
  ''|*[!0-9]*) ;;
  *) if [ "$counted" -gt 0 ] && [ "${#counted}" -lt 19 ]; then echo "cgroup $counted"; exit 0; fi ;;
esac
group=$(systemctl show -p ControlGroup --value prompt-library-backend@blue.service)
total=0
for root in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
  if [ -r "$root$group/cgroup.procs" ]; then
    while read -r pid; do
      kib=$(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status" 2>/dev/null || true)
      total=$((total + ${kib:-0}))
    done < "$root$group/cgroup.procs"
    break
  fi
done
if [ "$total" -eq 0 ]; then
  pid=$(systemctl show -p MainPID --value prompt-library-backend@blue.service)
  total=$(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status")
fi
echo "processes $((total * 1024))"
