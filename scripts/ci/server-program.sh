#!/usr/bin/env bash
# Copies the server program of a container image out of it, with the libraries that it needs, so that it runs on this
# machine: tests stop, pause and kill servers of their own by their process ids.
#   scripts/ci/server-program.sh redis:8-alpine /tmp/server   writes /tmp/server/bin/redis-server
#   scripts/ci/server-program.sh /some/root /tmp/server       the same, from an unpacked root file system
set -euo pipefail

image=${1:?an image, or the folder of an unpacked root file system}
folder=${2:?a folder to write to}
mkdir -p "$folder/bin"
folder=$(cd "$folder" && pwd)

if [ -d "$image" ]; then
  root=$(cd "$image" && pwd)
else
  root=$folder/root
  mkdir -p "$root"
  container=$(docker create "$image")
  trap 'docker rm --force "$container" >/dev/null' EXIT
  # Devices and owners need root, and no program needs them.
  docker export "$container" | tar --extract --no-same-owner --directory "$root" --exclude='dev/*' --exclude='proc/*'
fi

# The first match of a find, and nothing where a folder is missing.
first() { find "$@" 2>/dev/null | head -n 1 || true; }
program=$(first "$root/usr/local/bin" "$root/usr/bin" -name redis-server)
[ -n "$program" ] || program=$(first "$root/usr/local/bin" "$root/usr/bin" -name valkey-server)
[ -n "$program" ] || { echo "$image has neither redis-server nor valkey-server" >&2; exit 1; }

# The dynamic loader of the image: glibc in Debian, musl in Alpine. A link to it may be absolute, so links do not count.
loader=$(first "$root/lib64/" "$root/lib/" "$root/usr/lib/" -maxdepth 2 -type f -name 'ld-*.so*')
[ -n "$loader" ] || { echo "$image has no dynamic loader" >&2; exit 1; }
libraries=$({ find "$root/lib/" "$root/usr/lib/" "$root/usr/local/lib/" -name '*.so*' -printf '%h\n' 2>/dev/null || true; } |
  sort -u | paste -sd :)

# exec: the process id of the wrapper becomes that of the server.
cat >"$folder/bin/redis-server" <<EOF
#!/bin/sh
exec "$loader" --library-path "$libraries" "$program" "\$@"
EOF
chmod 755 "$folder/bin/redis-server"
"$folder/bin/redis-server" --version
