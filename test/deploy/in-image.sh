#!/usr/bin/env bash
# Starts what is in an unpacked image as a container would: as its user, with its environment, on a read-only root, in a
# network of its own, without any capability. Run by image.ts, in namespaces that end with it.
#
#   in-image.sh ROOT FOLDER USER:GROUP
#
# FOLDER has the environment, the command and the health check, word by word with a NUL behind each, and the folder
# `data`. What the server says is in FOLDER/said.
set -euo pipefail
root=$1 folder=$2 user=${3%:*} group=${3#*:}

mapfile -d '' -t environment < "$folder/environment"
mapfile -d '' -t command < "$folder/command"
mapfile -d '' -t healthcheck < "$folder/healthcheck"

mount --make-rprivate /
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --bind "$folder/data" "$root/data"
chown "$user:$group" "$folder/data"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero urandom random; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
for stream in 0:stdin 1:stdout 2:stderr; do
  ln -s "/proc/self/fd/${stream%:*}" "$root/dev/${stream#*:}"
done
ip link set lo up

# Commands and not functions, so that what is started in the background is the server itself.
inside=(chroot "$root" /usr/bin/env -i)
drop=(setpriv --reuid "$user" --regid "$group" --clear-groups --no-new-privs
  --inh-caps=-all --bounding-set=-all)
environment+=(LAUNCHTAIL_ADMIN_TOKEN=token-of-the-image-test LAUNCHTAIL_LOCAL_LAUNCHER=true)
as_user=("${inside[@]}" "${environment[@]}" "${drop[@]}")
fail() {
  echo "$1" >&2
  exit 1
}

if "${as_user[@]}" touch /opt/launchtail/x 2>/dev/null; then fail 'the root can be written to'; fi
if "${inside[@]}" touch /x 2>/dev/null; then fail 'the root can be written to by root'; fi

"${as_user[@]}" "${command[@]}" > "$folder/said" 2>&1 &
server=$!

for _ in $(seq 100); do
  kill -0 "$server" 2>/dev/null || fail 'the server has ended'
  "${as_user[@]}" "${healthcheck[@]}" && healthy=1 && break
  sleep 0.1
done
[ -n "${healthy:-}" ] || fail 'the health check of the image never passed'

uid=$(awk '/^Uid:/ { print $2 }' "$root/proc/$server/status")
capabilities=$(awk '/^CapEff:/ { print $2 }' "$root/proc/$server/status")
[ "$uid" = "$user" ] || fail "the server runs as $uid and not as $user"
[ "$capabilities" = 0000000000000000 ] || fail "the server has capabilities: $capabilities"

"${as_user[@]}" launchtail launch --file /opt/launchtail/dist/local-node.yaml --wait ||
  fail "the example node did not become active: exit code $?"
"${as_user[@]}" launchtail nodes | grep -q active || fail 'no node is active'

kill -TERM "$server"
wait "$server" || fail "the server ended with $? instead of 0"
if "${as_user[@]}" "${healthcheck[@]}"; then fail 'the health check passes without a server'; fi
