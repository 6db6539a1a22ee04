import { backOff } from './async/back-off.js'
import { accepted, partsOf, type RawEvent } from './connection.js'
import { ApiError, ConnectionError } from './errors.js'
import { pause } from './pause.js'
import { inTime, type Quiet, timedOut } from './quiet.js'

export type StreamState =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** Not connected. It tries again after `delay` ms; `error` is why the connection failed. */
  | { readonly state: 'waiting'; readonly delay: number; readonly error?: Error }

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

const FIRST_DELAY = 1000
const LONGEST_DELAY = 30_000
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

function isPassing(error: unknown): error is Error {
  if (error instanceof ApiError) return error.isPassing
  return error instanceof ConnectionError
}
