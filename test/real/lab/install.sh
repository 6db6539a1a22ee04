#!/bin/sh
# install.sh FOLDER VERSION [DAY]: Slurm, munge and sshd from Debian, and this version of SkyPilot in
# FOLDER/venv. An older SkyPilot does not start with the packages of today: DAY (2026-04-26, say) is
# the day of which they are taken. What is installed already is left as it is.
set -eu
folder=$1 version=$2 day=${3:-}

wanted='slurm-wlm munge openssh-server openssh-client rsync curl python3-venv'
# shellcheck disable=SC2086 # These are several words.
if ! dpkg -s $wanted >/dev/null 2>&1; then
  # Without this, Debian starts the services, with settings of its own.
  policy=/usr/sbin/policy-rc.d
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' > $policy; chmod +x $policy; made=yes; }
  apt='apt-get -q -o DPkg::Lock::Timeout=300'
  $apt update
  DEBIAN_FRONTEND=noninteractive $apt install -y --no-install-recommends $wanted
  [ -z "${made:-}" ] || rm -f $policy
fi

mkdir -p "$folder"
if [ ! -e "$folder/complete" ]; then
  rm -rf "$folder/venv"
  # The Python of Debian, since one that a version manager offers may go away.
  /usr/bin/python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install -q uv
  VIRTUAL_ENV=$folder/venv UV_SYSTEM_CERTS=1 "$folder/venv/bin/uv" pip install -q \
    ${day:+--exclude-newer "$day"} "skypilot[slurm]==$version"
  touch "$folder/complete"
fi

# Managed jobs recover only while SkyPilot reaches two public addresses. Where this file is, it has others.
sed -i "s#^_TEST_IP_LIST = \(\[.*\]\)\$#_TEST_IP_LIST = open(os.path.expanduser('~/.sky/network')).read().split() if os.path.exists(os.path.expanduser('~/.sky/network')) else \1#" \
  "$folder"/venv/lib/python3*/site-packages/sky/backends/backend_utils.py

# SkyPilot's nodes run on Python 3.10, which uv fetches unless one is there. Where neither works, the
# exit code is 3: nothing can be tested here.
python=$(ls -d "$HOME"/.pyenv/versions/3.10.*/bin/python3.10 /usr/bin/python3.10 2>/dev/null | tail -1)
[ -n "$python" ] || {
  export UV_PYTHON_INSTALL_DIR="$folder/../python"
  UV_SYSTEM_CERTS=1 "$folder/venv/bin/uv" python install -q 3.10 || exit 3
  python=$(ls -d "$UV_PYTHON_INSTALL_DIR"/cpython-3.10.*/bin/python3.10 | tail -1)
}
ln -sf "$python" "$folder/python3.10"

# Each node installs SkyPilot from the package index, with this cache. Where that does not work, the exit
# code is 4.
trial=$(mktemp -d)
trap 'rm -rf "$trial"' EXIT
export UV_SYSTEM_CERTS=1 UV_CACHE_DIR="/tmp/uv_cache_$(id -u)" UV_HTTP_TIMEOUT=60
"$folder/venv/bin/uv" venv -q --python "$python" "$trial/venv" &&
  VIRTUAL_ENV=$trial/venv "$folder/venv/bin/uv" pip install -q "skypilot[remote,slurm]==$version" ||
  exit 4
