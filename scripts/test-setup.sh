#!/bin/sh
# Installs what the tests need beyond npm's packages, from the distribution's own: a real
# redis-server, PostgreSQL, a Chromium, and Python's requests for one of the examples. Says what is missing where
# it may not.
set -eu

sh "$(dirname "$0")/unpack-proxies.sh"
sh "$(dirname "$0")/unpack-promtool.sh"
sh "$(dirname "$0")/unpack-faketime.sh"

missing=
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
command -v postgres >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
command -v redis-cli >/dev/null 2>&1 || missing="$missing redis-tools"
command -v ip >/dev/null 2>&1 || missing="$missing iproute2"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
command -v curl >/dev/null 2>&1 || missing="$missing curl"
command -v sqlite3 >/dev/null 2>&1 || missing="$missing sqlite3"
command -v python3 >/dev/null 2>&1 || missing="$missing python3"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
python3 -c 'import requests' >/dev/null 2>&1 || missing="$missing python3-requests"
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
  echo "The tests need packages that are not installed:$missing. Install them (on Debian and Ubuntu: sudo apt-get install$missing) and run the tests again." >&2
  exit 1
fi
echo "Installing what the tests need:$missing"
apt-get update -qq
# redis-server and PostgreSQL must not also run as services: the tests start their own.
printf '#!/bin/sh\nexit 101\n' > /tmp/policy-rc.d.$$
created=
if [ ! -e /usr/sbin/policy-rc.d ]; then
  install -m 755 /tmp/policy-rc.d.$$ /usr/sbin/policy-rc.d
  created=1
fi
rm -f /tmp/policy-rc.d.$$
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || failed=1
[ -n "$created" ] && rm -f /usr/sbin/policy-rc.d
[ -z "${failed:-}" ]
