device=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0
for _ in $(seq 60); do if [ -b "$device" ]; then break; fi; sleep 1; done
if ! [ -b "$device" ]; then echo "the data volume vol-0123456789abcdef0 is not attached to this host" >&2; exit 3; fi
install -d -m 0755 /srv/prompt-library/shared
if ! mountpoint -q /srv/prompt-library/shared; then
  found=0
  blkid --probe "$device" >/dev/null || found=$?
  case $found in
    0) ;;
    2) mkfs.ext4 -q -m 1 "$device" ;;
    *) echo "what is on the data volume vol-0123456789abcdef0 can't be told (blkid ended with $found); nothing was written to it" >&2; exit 3 ;;
  esac
fi
