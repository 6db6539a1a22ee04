import type { Rule } from './rule.js'

/** Downloads from the hub: bars of tqdm, without a prefix of whoever runs them. */
export const huggingFace: readonly Rule[] = [
  {
    when: /^\S{1,200}\.(?:safetensors|bin|pt|pth|gguf): {1,4}(\d{1,3})%\|/,
    phase: 'model_loading',
    progress: (match) => 71 + share(match),
  },
  {
    when: /^(?:Fetching \d{1,6} files|Downloading shards): {1,4}(\d{1,3})%\|/,
    phase: 'model_loading',
    progress: (match) => 71 + share(match),
  },
  { when: /^You are trying to access a gated repo\b/, level: 'error' },
  { when: /^Cannot access gated repo for url /, level: 'error' },
]

/** One percent of the launch for the whole of a file: several are loaded at a time. */
function share(match: RegExpMatchArray): number {
  return Math.min(100, Number(match[1])) / 100
}
