import { get, type IncomingHttpHeaders } from 'node:http'
import type { StreamEvent } from './stream.js'

/** What a client has of a stream that ended, in order or not. */
export interface Reading {
  /** 0 where the connection was cut before the answer's head was there. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly events: StreamEvent[]
  /** What a browser would send as its `Last-Event-ID`; empty where it has none. */
  readonly lastId: string
}

/** Reads a stream until it ends or breaks, on a connection of its own. */
export function readToEnd(url: string, headers: Record<string, string>): Promise<Reading> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let status = 0
    let answered: IncomingHttpHeaders = {}
    const request = get(url, { headers, agent: false }, (response) => {
      status = response.statusCode ?? 0
      answered = response.headers
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      // A stream that is cut is what the tests are about.
      response.on('error', finish)
      response.on('close', finish)
    })
    request.on('error', finish)

    function finish(): void {
      const text = Buffer.concat(chunks).toString()
      resolve({ status, headers: answered, text, ...parseStream(text) })
    }
  })
}

/**
 * The events of a stream's text as the WHATWG HTML standard has them: only a block that its blank
 * line ended counts, and only then does its id.
 */
export function parseStream(text: string): { events: StreamEvent[]; lastId: string } {
  const events: StreamEvent[] = []
  let lastId = ''
  for (const block of text.split('\n\n').slice(0, -1)) {
    const fields = block.split('\n').filter((line) => !line.startsWith(':'))
    const valuesOf = (name: string) =>
      fields.filter((line) => line.startsWith(`${name}: `)).map((l) => l.slice(name.length + 2))
    lastId = valuesOf('id').at(-1) ?? lastId
    const data = valuesOf('data')
    if (data.length === 0) continue
    const event = valuesOf('event').at(-1) ?? 'message'
    events.push({ event, data: JSON.parse(data.join('\n')), id: lastId })
  }
  return { events, lastId }
}
