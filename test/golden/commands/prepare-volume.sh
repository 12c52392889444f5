device=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0
for _ in $(seq 60); do if [ -b "$device" ]; then break; fi; sleep 1; done
if ! [ -b "$device" ]; then echo "the data volume vol-0123456789abcdef0 is not attached to this host" >&2; exit 3; fi
install -d -m 0755 /srv/prompt-library/shared
# Volumes grow by GiB.
has_grown() {
  local used
  used=$(dumpe2fs -h "$device" 2>/dev/null | awk -F: '/^Block count:/ { count = $2 } /^Block size:/ { size = $2 } END { printf "%.0f", count * size }')
  [ "$used" -gt 0 ] && [ $(($(blockdev --getsize64 "$device") - used)) -gt 536870912 ]
}
if mountpoint -q /srv/prompt-library/shared; then
  if has_grown; then resize2fs "$device"; fi
else
  found=0
  blkid --probe "$device" >/dev/null || found=$?
  case $found in
    0) if has_grown; then
      checked=0
      e2fsck -f -p "$device" || checked=$?
      if [ "$checked" -gt 1 ]; then echo "the file system of the data volume vol-0123456789abcdef0 has errors (e2fsck ended with $checked); it was not grown" >&2; exit 3; fi
      resize2fs "$device"
    fi ;;
    2) mkfs.ext4 -q -m 1 "$device" ;;
    *) echo "what is on the data volume vol-0123456789abcdef0 can't be told (blkid ended with $found); nothing was written to it" >&2; exit 3 ;;
  esac
fi
