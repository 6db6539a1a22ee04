import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { ApiError, ConnectionError, refusalOf, StreamTimeoutError } from './errors.js'

export type StreamState =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** Not connected; it tries again after `delay` ms, because of `error` if that was one. */
  | { readonly state: 'waiting'; readonly delay: number; readonly error?: Error }

/** An event as it came. */
export interface RawEvent {
  readonly event: string
  readonly data: string
  /** Empty for one that has none. */
  readonly id: string
}

export interface ReconnectOptions {
  /** Asks for the stream, after the event of this id where there is one. */
  connect: (lastEventId: string, signal: AbortSignal) => Promise<Response>
  lastEventId?: string | undefined
  signal?: AbortSignal | undefined
  onState?: ((state: StreamState) => void) | undefined
  /** Milliseconds without an event after which it throws StreamTimeoutError. */
  timeout: number
  /** Whether nothing comes after an event. */
  isLast: (event: RawEvent) => boolean
  random?: (() => number) | undefined
}

/** Three heartbeats: a connection that is silent for longer is dead, whatever TCP thinks. */
const SILENCE = 45_000
const FIRST_DELAY = 1000
const LONGEST_DELAY = 30_000
/** No event is larger; what is, is no event of ours. */
const LARGEST_EVENT = 1024 * 1024

/**
 * The events of a stream over as many connections as it takes, each event once and in order. Ends
 * after the last one, or where the server says 204. Throws ApiError for a refusal that trying again
 * cannot change. Leaving the loop closes the connection.
 */
export async function* reconnecting({
  connect,
  lastEventId: seen = '',
  signal,
  onState = () => {},
  timeout,
  isLast,
  random = Math.random,
}: ReconnectOptions): AsyncGenerator<RawEvent, void, undefined> {
  let lastEventId = seen
  let retry = FIRST_DELAY
  let failures = 0
  let quietSince = Date.now()
  for (;;) {
    signal?.throwIfAborted()
    onState({ state: 'connecting' })
    const away = new AbortController()
    const leave = () => away.abort(signal?.reason)
    signal?.addEventListener('abort', leave, { once: true })
    let error: Error | undefined
    let delay: number | undefined
    try {
      const response = await connect(lastEventId, away.signal)
      if (!response.ok) throw await refusalOf(response)
      // The stream was read to its end before.
      if (response.status === 204) return
      expectEvents(response)
      onState({ state: 'live' })
      for await (const part of partsOf(response, away, { quietSince, timeout })) {
        if ('retry' in part) retry = part.retry
        else if ('cursor' in part) lastEventId = part.cursor
        else {
          if (part.id) lastEventId = part.id
          quietSince = Date.now()
          failures = 0
          yield part
          if (isLast(part)) return
        }
      }
      // Ended in order: the server has said when to come again.
      delay = retry
    } catch (caught) {
      signal?.throwIfAborted()
      if (!isPassing(caught)) throw caught
      error = caught
      delay = caught instanceof ApiError ? caught.retryAfter : undefined
    } finally {
      signal?.removeEventListener('abort', leave)
      away.abort()
    }
    // Anywhere in a span that grows, so that many readers do not come back at once.
    delay ??= random() * Math.min(LONGEST_DELAY, retry * 2 ** failures)
    failures += 1
    if (Date.now() + delay - quietSince > timeout) throw timedOut(timeout, error)
    onState({ state: 'waiting', delay, ...(error && { error }) })
    await pause(delay, signal)
  }
}

type Part = RawEvent | { readonly cursor: string } | { readonly retry: number }

/** What comes of one connection. Throws ConnectionError where it breaks, or goes dead. */
async function* partsOf(
  response: Response,
  away: AbortController,
  { quietSince, timeout }: { quietSince: number; timeout: number },
): AsyncGenerator<Part> {
  const queue: Part[] = []
  const parser = createParser({
    maxBufferSize: LARGEST_EVENT,
    onEvent: (message) => queue.push(eventOf(message)),
    // A block that is only an id is no event to the parser; the comment beside it says the same.
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
  let end = quietSince + timeout
  try {
    for (;;) {
      const { done, value } = await within(
        reader.read(),
        Math.min(SILENCE, end - Date.now()),
        () => {
          if (Date.now() >= end) return timedOut(timeout)
          return new ConnectionError('the connection went silent')
        },
      )
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
      for (const part of queue.splice(0)) {
        if ('event' in part) end = Date.now() + timeout
        yield part
      }
    }
  } catch (caught) {
    if (caught instanceof StreamTimeoutError || caught instanceof ConnectionError) throw caught
    throw new ConnectionError('the connection broke', { cause: caught })
  } finally {
    away.abort()
  }
}

function eventOf({ event = 'message', data, id = '' }: EventSourceMessage): RawEvent {
  return { event, data, id }
}

function expectEvents({ status, url, headers }: Response): void {
  const type = headers.get('content-type') ?? 'nothing'
  if (/^text\/event-stream\b/.test(type)) return
  throw new ApiError(status, `${new URL(url).origin} answered with ${type} in place of a stream`)
}

function isPassing(error: unknown): error is Error {
  if (error instanceof ApiError) return error.isPassing
  return error instanceof ConnectionError
}

function timedOut(timeout: number, cause?: Error): StreamTimeoutError {
  const words = `no event for ${Math.round(timeout / 1000)} s`
  return new StreamTimeoutError(words, cause && { cause })
}

/** The promise's value, or an error where it takes longer than `ms`. */
async function within<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), Math.max(0, ms))
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(finish, ms)
    signal?.addEventListener('abort', finish, { once: true })
    function finish() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', finish)
      if (signal?.aborted) reject(signal.reason)
      else resolve()
    }
  })
}
