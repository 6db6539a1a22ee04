#!/bin/sh
# Unpacks Debian's libfaketime into a cache, for the tests of servers whose clock is wrong or is set. Where it
# cannot be had, these tests are skipped.
set -eu

cache="${XDG_CACHE_HOME:-$HOME/.cache}/launchtail-faketime"
[ -e "$cache/libfaketime.so.1" ] && exit 0

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
download() { apt-get download -qq libfaketime >/dev/null 2>&1; }
if download || { [ "$(id -u)" = 0 ] && apt-get update -qq && download; }; then
  mkdir -p "$cache"
  dpkg-deb -x ./*.deb unpacked
  mv "$(find unpacked -name libfaketime.so.1)" "$cache/libfaketime.so.1"
else
  echo "Tests of wrong clocks are skipped: there is no libfaketime, nor Debian's package of it." >&2
fi
