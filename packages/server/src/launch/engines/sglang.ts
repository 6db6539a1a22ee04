import type { Engine } from './engine.js'
import { MORE_ARGUMENTS, pythonSetup } from './scripts.js'

export const sglang: Engine = {
  version: '0.5.23',
  readyPath: '/health',
  parallel: true,
  needsGpu: true,
  needsModel: true,
  setup: pythonSetup(
    'sglang',
    `"$venv/bin/uv" pip install --python "$venv/bin/python" --torch-backend=auto "sglang==$LAUNCHTAIL_ENGINE_VERSION"
`,
  ),
  run: `set -eu
arguments=(--model-path "$LAUNCHTAIL_MODEL" --served-model-name "$LAUNCHTAIL_MODEL")
arguments+=(--host "$LAUNCHTAIL_HOST" --port "$PORT" --tp "$LAUNCHTAIL_TENSOR_PARALLEL")
# Without them, nothing tells whether the node is idle.
arguments+=(--enable-metrics)
${MORE_ARGUMENTS}exec "$HOME/launchtail-sglang-$LAUNCHTAIL_ENGINE_VERSION/bin/python" -m sglang.launch_server "\${arguments[@]}"
`,
  sets: /^--(?:host|port|model|model-path|served-model-name|tp|tp-size|tensor-parallel-size)(?:=|$)/,
}
