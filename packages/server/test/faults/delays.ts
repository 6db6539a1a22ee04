import type { RunningServer } from '../support/processes.js'

/** Reads the logs of some nodes in one stream, and takes the time of each entry. */
export interface DelayReader {
  /** Milliseconds from the moment that each entry names to its arrival. */
  readonly delays: number[]
  /** What was wrong: an entry out of its node's order, another event than an entry, an early end. */
  readonly violations: string[]
  stop(): Promise<void>
}

/** Messages are those of `launches.ts`: `<node> <number>, at <milliseconds>`. */
const MESSAGE = /^(\S+) (\d+), at ([\d.]+)$/

export async function readDelays(
  server: RunningServer,
  nodeIds: readonly string[],
): Promise<DelayReader> {
  const away = new AbortController()
  const delays: number[] = []
  const violations: string[] = []
  const next = new Map<string, number>()
  const response = await fetch(`${server.url}/admin/logs/stream?tail=all&node=${nodeIds}`, {
    headers: { 'X-Admin-Token': server.token },
    signal: away.signal,
  })
  const reading = read().catch((error) => {
    if (!away.signal.aborted) violations.push(`the stream has ended: ${error}`)
  })
  return {
    delays,
    violations,
    async stop() {
      away.abort()
      await reading
    },
  }

  /** Nothing is kept of what was read: there are hundreds of thousands of entries. */
  async function read(): Promise<void> {
    const decoder = new TextDecoder()
    let buffer = ''
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      buffer += decoder.decode(chunk, { stream: true })
      const lines = buffer.split('\n')
      buffer = lines.pop() as string
      for (const line of lines) {
        if (line.startsWith('data:')) take(JSON.parse(line.slice(5)), performance.now())
        if (line.startsWith('event: gap')) violations.push(line)
      }
    }
    violations.push('the stream was ended')
  }

  function take({ message = '' }: { message?: string }, now: number): void {
    const [, nodeId, number, at] = MESSAGE.exec(message) ?? []
    if (nodeId === undefined) return
    const expected = next.get(nodeId) ?? 0
    if (Number(number) !== expected) violations.push(`${nodeId}: ${number}, not ${expected}`)
    next.set(nodeId, Number(number) + 1)
    delays.push(now - Number(at))
  }
}

/** Rounded to milliseconds. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
}
