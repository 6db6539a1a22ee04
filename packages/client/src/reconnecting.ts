import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { backOff } from './async/back-off.js'
import { LONGEST_TIMER } from './async/deadline.js'
import { ApiError, ConnectionError, refusalOf, StreamTimeoutError } from './errors.js'

export type StreamState =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** Not connected. It tries again after `delay` ms; `error` is why the connection failed. */
  | { readonly state: 'waiting'; readonly delay: number; readonly error?: Error }

/** An event as it was received. */
export interface RawEvent {
  readonly event: string
  readonly data: string
  /** Empty if it has none. */
  readonly id: string
}

export interface ReconnectOptions {
  /** Requests the stream, after the event with this id unless it is empty. */
  connect: (lastEventId: string, signal: AbortSignal) => Promise<Response>
  lastEventId?: string | undefined
  signal?: AbortSignal | undefined
  onState?: ((state: StreamState) => void) | undefined
  /** Milliseconds without an event after which it throws StreamTimeoutError. */
  timeout: number
  /** True if no event follows this one. */
  isLast: (event: RawEvent) => boolean
  random?: (() => number) | undefined
}

/** Three heartbeats. A connection that is silent for longer is dead, even if TCP keeps it. */
const SILENCE = 45_000
const FIRST_DELAY = 1000
const LONGEST_DELAY = 30_000
/** Our events are smaller. */
const LARGEST_EVENT = 1024 * 1024

/**
 * The events of a stream over as many connections as it takes, each event once and in order. Ends
 * after the last one, or when the server answers 204. Throws ApiError for a refusal that is final.
 * Leaving the loop closes the connection.
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
  const quiet: Quiet = { since: performance.now(), timeout }
  for (;;) {
    onState({ state: 'connecting' })
    signal?.throwIfAborted()
    const away = new AbortController()
    const leave = () => away.abort(signal?.reason)
    signal?.addEventListener('abort', leave, { once: true })
    let error: Error | undefined
    let notBefore = 0
    let liveSince = Number.POSITIVE_INFINITY
    try {
      const response = await inTime(accepted(connect(lastEventId, away.signal)), quiet)
      // The stream has already been read to its end.
      if (response.status === 204) return
      liveSince = performance.now()
      onState({ state: 'live' })
      for await (const part of partsOf(response, quiet)) {
        if ('retry' in part) retry = part.retry
        else if ('cursor' in part) lastEventId = part.cursor
        else {
          lastEventId = part.id || lastEventId
          failures = 0
          yield part
          if (isLast(part)) return
          // The caller may have aborted in the meantime, or taken its time.
          signal?.throwIfAborted()
          quiet.since = performance.now()
        }
      }
      // Ended in order: the server has said when to come again.
      notBefore = retry
    } catch (caught) {
      signal?.throwIfAborted()
      if (!isPassing(caught)) throw caught
      error = caught
      if (caught instanceof ApiError) notBefore = caught.retryAfter ?? 0
    } finally {
      signal?.removeEventListener('abort', leave)
      away.abort()
    }
    // One that held for so long did not fail.
    if (performance.now() - liveSince > LONGEST_DELAY) failures = 0
    // Spread out, so that many readers do not come back at once.
    const first = Math.max(1, retry)
    const delay = Math.max(notBefore, backOff(failures, { first, longest: LONGEST_DELAY, random }))
    failures += 1
    if (performance.now() + delay - quiet.since > timeout) throw timedOut(timeout, error)
    onState({ state: 'waiting', delay, ...(error && { error }) })
    await pause(delay, signal)
  }
}

type Part = RawEvent | { readonly cursor: string } | { readonly retry: number }

/** The time of the last event, and how long to wait for the next. */
interface Quiet {
  since: number
  readonly timeout: number
}

/** The parts of one connection's answer. Throws ConnectionError if it breaks or goes silent. */
async function* partsOf(response: Response, quiet: Quiet): AsyncGenerator<Part> {
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
async function accepted(asked: Promise<Response>): Promise<Response> {
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

function isPassing(error: unknown): error is Error {
  if (error instanceof ApiError) return error.isPassing
  return error instanceof ConnectionError
}

function timedOut(timeout: number, cause?: Error): StreamTimeoutError {
  const words = `no event for ${Math.round(timeout / 1000)} s`
  return new StreamTimeoutError(words, cause && { cause })
}

/** Waits for the promise. Throws if it takes longer than an event may take. */
async function inTime<T>(promise: Promise<T>, { since, timeout }: Quiet): Promise<T> {
  const left = Math.max(0, since + timeout - performance.now())
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const error = left < SILENCE ? timedOut(timeout) : new ConnectionError('the server went silent')
    timer = setTimeout(() => reject(error), Math.min(SILENCE, left))
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  // A signal that is already aborted sends no event.
  signal?.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(finish, Math.min(ms, LONGEST_TIMER))
    signal?.addEventListener('abort', finish, { once: true })
    function finish() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', finish)
      if (signal?.aborted) reject(signal.reason)
      else resolve()
    }
  })
}
