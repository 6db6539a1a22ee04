/** Who wrote a line. Only SkyPilot's own lines are without a prefix, but so is much else. */
export type Writer = 'anybody' | 'setup' | 'task'

export interface Unprefixed {
  readonly text: string
  readonly writer: Writer
  /** Which of several nodes, ranks or workers it was, such as `worker1, rank 1`. */
  readonly details?: string
}

/**
 * Takes off what the tools put before a program's own words: `(task, pid=7) `, `(worker1, rank=1,
 * pid=7, ip=10.0.0.2) `, `(EngineCore_DP0 pid=7) `, a container's name or a time and ` | `. The
 * outermost one tells the writer, as what stands within can be any program's output.
 */
export function withoutPrefix(line: string): Unprefixed {
  let text = line
  let writer: Writer = 'anybody'
  const places: string[] = []
  for (let count = 0; count < MOST; count++) {
    const match = PREFIX.exec(text)
    if (!match) break
    text = text.slice(match[0].length)
    const { name, rank, ip, container } = match.groups ?? {}
    if (container) places.push(container)
    if (!name) continue
    if (writer === 'anybody') writer = name === 'setup' ? 'setup' : 'task'
    const place = placeOf(name, rank, ip)
    if (place && !places.includes(place)) places.push(place)
  }
  return places.length > 0 ? { text, writer, details: places.join(', ') } : { text, writer }
}

const MOST = 8

const PREFIX =
  /^(?:\((?<name>[^\s(),]{1,128}),? (?:rank=(?<rank>\d{1,6}), )?pid=\d{1,10}(?:, ip=(?<ip>[^\s(),]{1,64}))?\) ?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)? \| |(?<container>[a-z0-9][\w.-]{0,127}-\d{1,4}) {1,64}\| )/

/** vLLM numbers its processes, also where there is only one: the first of a kind says nothing. */
const ONE_OF_SEVERAL = /^(?:Ray)?Worker|_(?:DP)?[1-9]\d*$/

function placeOf(name: string, rank?: string, ip?: string): string | undefined {
  if (rank) return `${name}, rank ${rank}`
  if (ip) return name === 'setup' ? ip : `${name}, ${ip}`
  return ONE_OF_SEVERAL.test(name) ? name : undefined
}
