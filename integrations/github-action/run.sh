#!/usr/bin/env bash
# The action's one step. Inputs come through the environment, so that no value is read as a script.
set -euo pipefail

echo "::add-mask::$LAUNCHTAIL_ADMIN_TOKEN"

if [ -n "$INPUT_LAUNCH" ] && [ -n "$INPUT_NODE" ] || [ -z "$INPUT_LAUNCH$INPUT_NODE" ]; then
  echo "::error title=Launchtail::Give either 'launch' or 'node'."
  exit 1
fi

read -ra launchtail <<< "$INPUT_COMMAND"
node=$INPUT_NODE
if [ -n "$INPUT_LAUNCH" ]; then
  arguments=()
  while IFS= read -r line; do
    [ -z "$line" ] || arguments+=("$line")
  done <<< "$INPUT_LAUNCH"
  node=$("${launchtail[@]}" launch --quiet "${arguments[@]}")
  # A later step can terminate it, also if this one is cancelled.
  echo "node-id=$node" >> "$GITHUB_OUTPUT"
fi

# Its exit code is the step's: 2 if the launch failed, 3 if nothing came for too long.
exec "${launchtail[@]}" logs --follow --tail all --format github --timeout "$INPUT_TIMEOUT" -- "$node"
