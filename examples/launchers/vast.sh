#!/bin/sh
# Qwen3-8B on the cheapest suitable machine of Vast.ai, by vastai (0.3) and jq.
#
#   sh vast.sh NODE
#
# The port is another one outside, and is known only once the container runs.
set -eu

launch() {
  offer=$(vastai search offers 'gpu_ram>=24 num_gpus=1 reliability>0.98 direct_port_count>=1' \
    -o dph_total --raw | jq -er '.[0].id')
  id=$(vastai create instance "$offer" --image vllm/vllm-openai:v0.11.0 --disk 60 \
    --env '-p 8000:8000' --raw --args --model Qwen/Qwen3-8B --max-model-len 8192 | jq -er .new_contract)
  echo "instance $id is created from offer $offer"
  while :; do
    now=$(vastai show instance "$id" --raw)
    status=$(echo "$now" | jq -r '.actual_status // "loading"')
    echo "instance $id: $status $(echo "$now" | jq -r '.status_msg // ""')"
    case $status in
      running) break ;;
      exited | offline) vastai logs "$id" || true; return 1 ;;
    esac
    sleep "${PAUSE:-10}"
  done
  echo "$now" | jq -r '"endpoint: http://\(.public_ipaddr):\(.ports["8000/tcp"][0].HostPort)"'
}

if [ "${2-}" = launch ]; then launch; exit; fi

exec launchtail pipe "$1" --create --provider vast --gpu 24GB --model Qwen/Qwen3-8B --endpoint -- \
  sh "$0" "$1" launch
