#!/bin/sh
# Qwen3-8B on a RunPod pod, by runpodctl (1.14).
#
#   sh runpod.sh NODE
#
# RunPod gives out no container log, so the node goes from the order of the pod to its first answer. A model
# that never loads is a `health_timeout`; the pod's own log is on RunPod's console.
set -eu

create() {
  runpodctl create pod --name "$node" --secureCloud \
    --gpuType 'NVIDIA RTX A5000' --containerDiskSize 40 \
    --imageName vllm/vllm-openai:v0.11.0 --ports 8000/http \
    --args '--model Qwen/Qwen3-8B --max-model-len 8192'
}

if [ "${2-}" = create ]; then
  node=$1
  # `pod "abc123" created for $0.270 / hr`
  said=$(create)
  echo "$said"
  pod=$(echo "$said" | sed -n 's/^pod "\([^"]*\)" created.*/\1/p')
  echo "endpoint: https://${pod:?runpodctl named no pod}-8000.proxy.runpod.net"
  exit
fi

exec launchtail pipe "$1" --create --provider runpod --gpu RTXA5000 --model Qwen/Qwen3-8B --endpoint -- \
  sh "$0" "$1" create
