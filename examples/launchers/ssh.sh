#!/bin/sh
# Qwen3-8B in docker on a machine that is there already, over ssh.
#
#   sh ssh.sh NODE gpu-box.example.org
#
# The command lasts as long as the server: a server that dies later fails its node, too. With the terminal
# that `-tt` gives it, docker ends when ssh does.
set -eu
exec launchtail pipe "$1" --create --provider ssh --model Qwen/Qwen3-8B \
  --ready-url "http://$2:8000/health" -- \
  ssh -tt "$2" docker run --rm --gpus all --ipc host -p 8000:8000 \
  -v '$HOME/.cache/huggingface:/root/.cache/huggingface' \
  vllm/vllm-openai:v0.11.0 --model Qwen/Qwen3-8B --max-model-len 8192
