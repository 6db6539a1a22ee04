/** What an engine's own metrics say about the requests that it serves. */
export interface EngineLoad {
  /** Requests that run or wait now. */
  readonly requests: number
  /** A count that grows with each request; undefined where the engine has none. */
  readonly served: number | undefined
}

interface EngineRow {
  readonly now: readonly string[]
  readonly served: readonly string[]
  /** The engine by name, if it shows none of these before its first request. */
  readonly lateAs?: string
}

/** The names of each engine's metrics. */
const ENGINES: readonly EngineRow[] = [
  {
    now: ['vllm:num_requests_running', 'vllm:num_requests_waiting'],
    served: ['vllm:request_success_total', 'vllm:prompt_tokens_total'],
  },
  {
    now: ['sglang:num_running_reqs', 'sglang:num_queue_reqs'],
    served: ['sglang:num_requests_total', 'sglang:prompt_tokens_total'],
  },
  {
    now: ['tgi_batch_current_size', 'tgi_queue_size'],
    served: ['tgi_request_count'],
    lateAs: 'tgi',
  },
  {
    now: ['llamacpp:requests_processing', 'llamacpp:requests_deferred'],
    served: ['llamacpp:prompt_tokens_total', 'llamacpp:tokens_predicted_total'],
  },
  { now: ['te_queue_size'], served: ['te_request_count', 'te_embed_count'], lateAs: 'tei' },
]

/**
 * Reads Prometheus text; undefined where none of it tells how many requests there are. `engine` is the one
 * that the launch names, if it names one.
 */
export function engineLoadIn(text: string, engine?: string): EngineLoad | undefined {
  const sums = sumsIn(text)
  const row = ENGINES.find(({ now }) => now.some((name) => sums.has(name)))
  if (!row) {
    const isUnused = engine !== undefined && ENGINES.some(({ lateAs }) => lateAs === engine)
    return isUnused ? { requests: 0, served: 0 } : undefined
  }
  const served = row.served.flatMap((name) => sums.get(name) ?? [])
  return {
    requests: total(row.now.map((name) => sums.get(name) ?? 0)),
    served: served.length === 0 ? undefined : total(served),
  }
}

/** Each metric’s samples, summed over their labels. */
function sumsIn(text: string): Map<string, number> {
  const sums = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, name, value] = SAMPLE.exec(line) ?? []
    if (name === undefined) continue
    const number = Number(value)
    if (Number.isFinite(number)) sums.set(name, (sums.get(name) ?? 0) + number)
  }
  return sums
}

/** The labels may hold anything in quotes, and the last number but one may be the value. */
const SAMPLE = /^([A-Za-z_:][\w:]{0,200})(?:\{.{0,4000}\})? (\S{1,40})(?: \d{1,20})?\r?$/

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}
