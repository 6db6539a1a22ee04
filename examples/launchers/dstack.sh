#!/bin/sh
# Qwen3-8B as a service of dstack (0.19), followed from the plan to the first answer.
#
#   sh dstack.sh NODE
#
# `dstack apply` prints where the service is published and then streams its log until Ctrl-C, which leaves
# the service running. If the run fails, so does this command, and the node with it.
set -eu
exec launchtail pipe "$1" --create --provider dstack --gpu 24GB --model Qwen/Qwen3-8B --endpoint -- \
  dstack apply -y -f "$(dirname "$0")/qwen.dstack.yml"
