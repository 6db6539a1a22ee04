#!/bin/sh
# Qwen3-8B on Modal (client 1.1 or newer).
#
#   sh modal.sh NODE
#
# The first request starts a container. Here that is the probe, so the node is active once a container has
# the model loaded. `modal deploy` does not print the address in every version, so it is asked for.
set -eu
here=$(dirname "$0")
exec launchtail pipe "$1" --create --provider modal --gpu L4 --model Qwen/Qwen3-8B --endpoint -- \
  sh -euc '
    modal deploy "$1/modal_qwen.py"
    python3 -c "import modal; print(\"endpoint:\", modal.Function.from_name(\"qwen\", \"serve\").get_web_url())"
  ' modal.sh "$here"
