import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { ApiError, ConnectionError, refusalOf, StreamTimeoutError } from './errors.js'
import { inTime, type Quiet } from './quiet.js'

/** An event as it was received. */
export interface RawEvent {
  readonly event: string
  readonly data: string
  /** Empty if it has none. */
  readonly id: string
}

export type Part = RawEvent | { readonly cursor: string } | { readonly retry: number }

/** Our events are smaller. */
const LARGEST_EVENT = 1024 * 1024

/** The parts of one connection's answer. Throws ConnectionError if it breaks or goes silent. */
export async function* partsOf(response: Response, quiet: Quiet): AsyncGenerator<Part> {
  const queue: Part[] = []
  const parser = createParser({
    maxBufferSize: LARGEST_EVENT,
    onEvent: (message) => queue.push(eventOf(message)),
    // The parser drops a block that has only an id. The comment before it names the same cursor.
    onComment(comment) {
      const cursor = /^ ?cursor (\S+)/.exec(comment)?.[1]
      if (cursor) queue.push({ cursor })
    },
    onRetry: (retry) => queue.push({ retry }),
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') throw new ConnectionError(error.message)
    },
  })
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read(), quiet)
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
      yield* queue.splice(0)
    }
  } catch (caught) {
    if (caught instanceof StreamTimeoutError || caught instanceof ConnectionError) throw caught
    throw new ConnectionError('the connection broke', { cause: caught })
  }
}

function eventOf({ event = 'message', data, id = '' }: EventSourceMessage): RawEvent {
  return { event, data, id }
}

/** Returns the answer if it is a stream or 204. */
export async function accepted(asked: Promise<Response>): Promise<Response> {
  const response = await asked
  if (!response.ok) throw await refusalOf(response)
  const { status, url, headers } = response
  const type = headers.get('content-type') ?? 'nothing'
  if (status === 204 || /^text\/event-stream\b/i.test(type)) return response
  // A browser accepts a head that was cut. Another server's answer would have a body.
  const { done } = (await response.body?.getReader().read()) ?? { done: true }
  if (done) throw new ConnectionError('the answer was cut off')
  const from = url ? new URL(url).origin : 'the server'
  throw new ApiError(status, `${from} answered with ${type} in place of a stream`)
}
