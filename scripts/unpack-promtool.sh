#!/bin/sh
# Unpacks the promtool of Debian's prometheus into a cache, for the tests of the metrics and alerts. It is
# not installed, so that no service starts. Where it cannot be had, these tests are skipped.
set -eu

cache="${XDG_CACHE_HOME:-$HOME/.cache}/launchtail-promtool"
command -v promtool >/dev/null 2>&1 && exit 0
[ -x "$cache/usr/bin/promtool" ] && exit 0

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
download() { apt-get download -qq prometheus >/dev/null 2>&1; }
if download || { [ "$(id -u)" = 0 ] && apt-get update -qq && download; }; then
  mkdir -p "$cache/usr/bin"
  dpkg-deb -x ./*.deb unpacked
  mv unpacked/usr/bin/promtool "$cache/usr/bin/promtool"
else
  echo "Tests of the alerts are skipped: there is no promtool, nor Debian's package of it." >&2
fi
