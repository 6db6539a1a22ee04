#!/bin/sh
# Qwen3-8B as a Deployment of plain Kubernetes (kubectl 1.31).
#
#   sh kubernetes.sh NODE
#
# Kubernetes asks the server itself whether it is ready: the rollout has succeeded when it is, so the node is
# marked active then. Nothing needs to reach the cluster's network from here. If the rollout fails, `pipe`
# exits with kubectl's code, the node has failed, and `set -e` ends this script.
set -eu
here=$(dirname "$0")
launchtail pipe "$1" --create --provider kubernetes --gpu L4 --model Qwen/Qwen3-8B -- sh -euc '
  kubectl apply -f "$1/qwen.k8s.yaml"
  kubectl get events --watch-only --field-selector involvedObject.kind=Pod & events=$!
  kubectl logs deployment/qwen --follow --pod-running-timeout=20m & logs=$!
  trap "kill $events $logs 2>/dev/null || true" EXIT
  kubectl rollout status deployment/qwen --timeout=30m
' kubernetes.sh "$here"
launchtail mark "$1" active --endpoint http://qwen.default.svc.cluster.local:8000
