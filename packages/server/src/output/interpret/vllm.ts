import type { Rule } from './rule.js'

/** vLLM's start, of its first engine (V0) and of the second (V1). */
export const vllm: readonly Rule[] = [
  { when: /^Automatically detected platform \w/, phase: 'model_loading', progress: 70 },
  { when: /^vLLM API server version /, phase: 'model_loading', progress: 70 },
  // The banner of newer versions, in blocks.
  { when: /^[ ▀▄█]{1,80} version \d{1,4}\.\d/, phase: 'model_loading', progress: 70 },
  {
    when: /^Waiting for (?:vllm|vLLM) (?:api|API) server to start/,
    phase: 'model_loading',
    progress: 70,
  },
  {
    when: /^Resolved architecture: |^Using max model len \d/,
    phase: 'model_loading',
    progress: 70,
  },
  { when: /^Initializing an? (?:V\d )?LLM engine\b/, phase: 'model_loading', progress: 70.5 },
  { when: /^Starting to load model \S/, phase: 'model_loading', progress: 71 },
  {
    when: /^Loading (?:[\w-]{1,40} ){1,3}checkpoint shards: {1,4}\d{1,3}% Completed \| (\d{1,6})\/(\d{1,6}) /,
    phase: 'model_loading',
    progress: (match) => 72 + 7 * Math.min(1, Number(match[1]) / Math.max(1, Number(match[2]))),
  },
  { when: /^Loading (?:model )?weights took /, phase: 'model_loading', progress: 79.5 },
  {
    when: /^Model loading took |^Loading model weights took /,
    phase: 'model_loading',
    progress: 80,
  },
  { when: /^Dynamo bytecode transform time: /, phase: 'model_loading', progress: 80.5 },
  { when: /^torch\.compile takes .{1,40} in total/, phase: 'model_loading', progress: 81 },
  {
    when: /^(?:Available KV cache memory|GPU KV cache size|# (?:GPU|cuda) blocks): /,
    phase: 'model_loading',
    progress: 82,
  },
  { when: /^Maximum concurrency for /, phase: 'model_loading', progress: 82 },
  {
    when: /^Capturing CUDA graphs? (?:\(([^()]{1,80})\)|shapes): {1,4}(\d{1,3})%/,
    phase: 'model_loading',
    // The second pass, `(decode, FULL)`, begins where the first ended.
    progress: (match) =>
      (match[1]?.startsWith('decode') ? 83.5 : 83) + Math.min(100, Number(match[2])) / 200,
  },
  { when: /^Graph capturing finished in /, phase: 'model_loading', progress: 84 },
  { when: /^init engine \(profile, /, phase: 'model_loading', progress: 85 },

  { when: /^Supported[ _]tasks: /, phase: 'health_check', progress: 85 },
  { when: /^Starting vLLM API server\b/, phase: 'health_check', progress: 86 },

  { when: /^EngineCore failed to start\b/, level: 'error' },
  { when: /^Engine core initialization failed\b/, level: 'error' },
]
