import type { LaunchRequest } from '@launchtail/client/protocol'
import type { Engine } from './engine.js'
import { MORE_ARGUMENTS } from './scripts.js'

/** Text Embeddings Inference. */
export const tei: Engine = {
  version: '1.8',
  readyPath: '/health',
  parallel: false,
  needsGpu: false,
  needsModel: true,
  image: (version, request) =>
    `docker:ghcr.io/huggingface/text-embeddings-inference:${buildFor(request)}${version}`,
  run: `set -eu
arguments=(--model-id "$LAUNCHTAIL_MODEL" --hostname "$LAUNCHTAIL_HOST" --port "$PORT")
${MORE_ARGUMENTS}exec text-embeddings-router "\${arguments[@]}"
`,
  sets: /^--(?:hostname|port|model-id)(?:=|$)|^-p$/,
}

/** The images are built for one kind of GPU each. The one without a prefix is for the A100. */
const BUILDS: readonly (readonly [gpu: RegExp, prefix: string])[] = [
  [/^cpu$/i, 'cpu-'],
  [/^(?:T4|RTX-?20)/i, 'turing-'],
  [/^(?:A10|A10G|A40|RTX-?A?[356]0)(?:$|[-:])/i, '86-'],
  [/^(?:L4|L40S?|RTX-?40)/i, '89-'],
  [/^(?:H100|H200|GH200)/i, 'hopper-'],
]

function buildFor({ gpu }: LaunchRequest): string {
  return BUILDS.find(([kind]) => kind.test(gpu))?.[1] ?? ''
}
