import type { LaunchState, Phase } from '@launchtail/client/protocol'

/** A bar of progress, whoever draws it. */
export interface Bar {
  readonly label: string
  /** From 0 to 1. */
  readonly share: number
}

/** What a bar's state means for a launch. */
export interface Step {
  readonly phase: Phase
  readonly progress: number | undefined
}

/**
 * Reads a bar: tqdm's `label:  45%|███ | 9/20`, vLLM's `label: 45% Completed | 1/4`, docker's
 * `layer: Downloading [==>   ] 1MB/3MB`, pip's `━━━━ 1.2/3.4 MB`, Ollama's `pulling x: 45% ▕█`.
 */
export function readBar(words: string): Bar | undefined {
  if (!words.includes('%') && !words.includes('[=') && !words.includes('━')) return undefined
  const shown = PERCENT.exec(words)
  if (shown) {
    const [, label = '', percent, done, total] = shown
    const share = done && Number(total) > 0 ? Number(done) / Number(total) : Number(percent) / 100
    return { label, share: Math.min(1, share) }
  }
  const layer = LAYER.exec(words)
  if (layer) return { label: layer[1] ?? '', share: sizes(layer[2], layer[3], layer[4], layer[5]) }
  const pip = PIP.exec(words)
  return pip ? { label: 'pip', share: sizes(pip[1], pip[3], pip[2], pip[3]) } : undefined
}

/** What the bar of a server, or of an installation, tells of the launch. */
export function stepOf({ label, share }: Bar, { progress }: LaunchState): Step | undefined {
  const found = LABELS.find(({ when }) => when.test(label))
  if (!found) return undefined
  const { phase, from, to } = found
  const reached = Math.round((from + (to - from) * share) * 100) / 100
  // Layers of an image come in any order.
  const isNew = reached > progress || phase !== 'installing'
  return { phase, progress: isNew ? reached : undefined }
}

const PERCENT =
  /^([^%|]{0,300}?):? {0,6}(\d{1,3})%(?: Completed)?(?: ?[|▕](?:[^|▏]{0,300}[|▏])? {0,4}(\d{1,9})\/(\d{1,9})\b(?![.\d]))?/
const LAYER =
  /^([0-9a-f]{12}): (?:Downloading|Extracting) {1,4}\[[=> ]{1,80}\] {1,4}([\d.]{1,10})([kMG]?B)\/([\d.]{1,10})([kMG]?B)/
const PIP = /^━[━╸╺ ]{0,80} ([\d.]{1,10})\/([\d.]{1,10}) ([kMG]?B)\b/

const UNITS: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 }

function sizes(done = '0', unit = 'B', total = '1', whole = 'B'): number {
  const of = Number(total) * (UNITS[whole] ?? 1)
  return of > 0 ? Math.min(1, (Number(done) * (UNITS[unit] ?? 1)) / of) : 0
}

/** By what a bar counts. Several files are loaded at a time, so a download is one percent. */
const LABELS: readonly { when: RegExp; phase: Phase; from: number; to: number }[] = [
  { when: /^(?:pip$|[0-9a-f]{12}$)/, phase: 'installing', from: 63, to: 69 },
  { when: /^(?:Capturing|Capture)\b.{0,200}\(decode/i, phase: 'model_loading', from: 83.5, to: 84 },
  { when: /^(?:Capturing|Capture|CUDA graph warm)/i, phase: 'model_loading', from: 83, to: 83.5 },
  {
    when: /\.(?:safetensors|bin|pt|pth|gguf|json|model)$|^(?:Fetching \d|Downloading shards|Download|pulling )/i,
    phase: 'model_loading',
    from: 71,
    to: 72,
  },
  { when: /\b(?:shards?|weights?|checkpoints?)\b/i, phase: 'model_loading', from: 72, to: 79 },
]
