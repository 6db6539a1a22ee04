import { setTimeout as sleep } from 'node:timers/promises'
import { TOKEN } from '../support/processes.js'
import { type OpenedStream, openStream, type StreamEvent } from '../support/stream.js'
import { bare } from './padding.js'

/** Reads a stream, and comes again with the last id whenever it ends. */
export interface Reader {
  /** All it has seen so far, with messages without their padding. */
  events(): StreamEvent[]
  /** How many entries. */
  seen(): number
  /** How often it has come again, and the answers that were none. */
  readonly counts: { again: number; refused: Map<number, number> }
  stop(): Promise<void>
}

/** Milliseconds until a reader comes again, at most. */
const AGAIN = 500

export function startReader(address: string, random: () => number): Reader {
  const before: StreamEvent[] = []
  const counts = { again: 0, refused: new Map<number, number>() }
  let isOver = false
  let lastId = ''
  let stream: OpenedStream | undefined
  const reading = read()
  return {
    events: () => [...before, ...(stream?.events ?? []).map(withBare)],
    seen: () => logsIn(before) + logsIn(stream?.events ?? []),
    counts,
    async stop() {
      isOver = true
      stream?.close()
      await reading
    },
  }

  async function read(): Promise<void> {
    for (; !isOver; counts.again += 1) {
      await readOnce()
      if (!isOver) await sleep(random() * AGAIN)
    }
  }

  async function readOnce(): Promise<void> {
    const headers = {
      'X-Admin-Token': TOKEN,
      // On a connection that is kept, the balancer would not be asked again.
      Connection: 'close',
      ...(lastId !== '' && { 'Last-Event-ID': lastId }),
    }
    const opened = await openStream(address, headers).catch(() => undefined)
    if (!opened) return
    const { status } = opened.response
    if (status !== 200) counts.refused.set(status, (counts.refused.get(status) ?? 0) + 1)
    else {
      stream = opened
      if (isOver) opened.close()
    }
    await opened.ended
    stream = undefined
    if (status !== 200) return
    for (const event of opened.events) before.push(withBare(event))
    lastId = opened.lastId() || lastId
  }
}

function withBare({ event, data, id }: StreamEvent): StreamEvent {
  const { message, node_id } = data
  if (event !== 'log' || typeof message !== 'string') return { event, data, id }
  return { event, data: { message: bare(message), ...(node_id !== undefined && { node_id }) }, id }
}

function logsIn(events: readonly StreamEvent[]): number {
  return events.reduce((sum, { event }) => (event === 'log' ? sum + 1 : sum), 0)
}
