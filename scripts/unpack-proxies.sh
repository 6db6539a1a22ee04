#!/bin/sh
# Unpacks Debian's nginx and Caddy into a cache, for the tests of examples/proxies. They are not
# installed, so that no service starts. Where they cannot be had, these tests are skipped.
set -eu

cache="${XDG_CACHE_HOME:-$HOME/.cache}/launchtail-proxies"
missing=
for program in nginx caddy; do
  command -v "$program" >/dev/null 2>&1 || [ -x "$cache/usr/sbin/$program" ] ||
    [ -x "$cache/usr/bin/$program" ] || missing="$missing $program"
done
[ -z "$missing" ] && exit 0

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# shellcheck disable=SC2086
download() { apt-get download -qq $missing >/dev/null 2>&1; }
if download || { [ "$(id -u)" = 0 ] && apt-get update -qq && download; }; then
  mkdir -p "$cache"
  for package in *.deb; do dpkg-deb -x "$package" "$cache"; done
else
  echo "Tests of the proxies are skipped: there is no$missing, nor Debian's package of it." >&2
fi
