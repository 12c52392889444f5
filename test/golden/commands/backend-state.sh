main=$(systemctl show -p MainPID --value prompt-library-backend@green.service)
family=$(ps -eo pid=,ppid=,rss= | awk -v main="$main" '
  { parent[$1] = $2; kib[$1] = $3 }
  END { for (pid in kib) { up = pid; while (up > 1 && up != main) up = parent[up]; if (main > 1 && up == main) print pid, kib[pid] } }')
pids=$(echo "$family" | cut -d' ' -f1 | paste -sd'|')
ports=$(ss -ltnpH | { grep -E "pid=($pids)," || true; } | awk '{ sub(/.*:/, "", $4); print $4 }' | sort -un | paste -sd,)
echo "$(systemctl show -p ActiveState --value prompt-library-backend@green.service) $(systemctl show -p NRestarts --value prompt-library-backend@green.service) $(echo "$family" | awk '{ sum += $2 } END { print sum + 0 }') $ports"
