import { onTestFinished } from 'vitest'
import { until } from './processes.js'

export interface StreamEvent {
  event: string
  data: Record<string, unknown>
  id: string
}

export interface OpenedStream {
  readonly response: Response
  readonly events: StreamEvent[]
  /** Comments and retry values, as they came. */
  readonly comments: string[]
  readonly retries: number[]
  /** The last id, from events, id-only blocks and so what a browser would send. */
  lastId(): string
  readonly text: () => string
  /** Ends when the server has ended the stream, or `close` was called. */
  readonly ended: Promise<void>
  close(): void
  /** Waits until more has come; refused when the stream is over, as no more will. */
  more(): Promise<void>
  /** Waits for an event that fits. */
  event(what: string, fits: (event: StreamEvent) => boolean): Promise<StreamEvent>
  /** The messages of the `log` events so far. */
  messages(): string[]
}

/** Reads a stream as the WHATWG HTML standard says a browser does. */
export async function openStream(
  url: string,
  headers: Record<string, string>,
): Promise<OpenedStream> {
  const away = new AbortController()
  const response = await fetch(url, { headers, signal: away.signal })
  const events: StreamEvent[] = []
  const comments: string[] = []
  const retries: number[] = []
  let lastId = ''
  let text = ''
  let buffer = ''
  /** Of the block that is being read: it counts once the block's blank line is there. */
  let idOfBlock = ''
  let current = { event: '', data: [] as string[] }
  let arrived = () => {}
  let arrival = nextArrival()
  const reading = read()
  const ended = reading.catch(() => {})
  const over = reading.then(
    () => Promise.reject(new Error('the server ended the stream')),
    (cause) => Promise.reject(new Error('the stream broke off', { cause })),
  )
  over.catch(() => {})
  try {
    onTestFinished(() => away.abort())
  } catch {
    // Opened in a hook: the server's end is its end.
  }
  return {
    response,
    events,
    comments,
    retries,
    lastId: () => lastId,
    text: () => text,
    ended,
    close: () => away.abort(),
    more: () => Promise.race([arrival, over]),
    event: (what, fits) => until(what, () => events.find(fits)),
    messages: () => events.filter((e) => e.event === 'log').map((e) => String(e.data.message)),
  }

  function nextArrival(): Promise<void> {
    return new Promise((resolve) => {
      arrived = resolve
    })
  }

  async function read(): Promise<void> {
    const decoder = new TextDecoder()
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      const piece = decoder.decode(chunk, { stream: true })
      text += piece
      buffer += piece
      for (let end = buffer.indexOf('\n'); end !== -1; end = buffer.indexOf('\n')) {
        take(buffer.slice(0, end).replace(/\r$/, ''))
        buffer = buffer.slice(end + 1)
      }
      arrived()
      arrival = nextArrival()
    }
  }

  function take(line: string): void {
    if (line === '') {
      lastId = idOfBlock
      if (current.data.length > 0) {
        const data = JSON.parse(current.data.join('\n'))
        events.push({ event: current.event || 'message', data, id: lastId })
      }
      current = { event: '', data: [] }
    } else if (line.startsWith(':')) comments.push(line.slice(1).trim())
    else {
      const [, field, value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
      if (field === 'event') current.event = value
      else if (field === 'data') current.data.push(value)
      else if (field === 'id') idOfBlock = value
      else if (field === 'retry') retries.push(Number(value))
    }
  }
}

/** The messages a reader has in the end: a gap takes back what came before it. */
export function held({ events }: OpenedStream): string[] {
  const gap = events.findLastIndex(({ event }) => event === 'gap')
  return events
    .slice(gap + 1)
    .filter(({ event }) => event === 'log')
    .map(({ data }) => String(data.message))
}
