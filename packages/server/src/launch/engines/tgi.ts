import type { Engine } from './engine.js'
import { MORE_ARGUMENTS } from './scripts.js'

/** Text Generation Inference. */
export const tgi: Engine = {
  version: '3.3.6',
  readyPath: '/health',
  parallel: true,
  needsGpu: true,
  needsModel: true,
  image: (version) => `docker:ghcr.io/huggingface/text-generation-inference:${version}`,
  run: `set -eu
arguments=(--model-id "$LAUNCHTAIL_MODEL" --hostname "$LAUNCHTAIL_HOST" --port "$PORT")
arguments+=(--num-shard "$LAUNCHTAIL_TENSOR_PARALLEL")
${MORE_ARGUMENTS}exec text-generation-launcher "\${arguments[@]}"
`,
  sets: /^--(?:hostname|port|model-id|num-shard)(?:=|$)|^-p$/,
}
