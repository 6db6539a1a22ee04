import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { backOff, withDeadline } from '@launchtail/client/async'
import { askedPause } from '../../async/retry-after.js'
import { encode, type Schema } from '../wire/encode.js'

export interface PostOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly protocol: 'http/protobuf' | 'http/json'
  readonly compression: 'gzip' | 'none'
  /** Milliseconds for one attempt. */
  readonly timeout: number
  readonly schema: Schema
  readonly signal: AbortSignal
  /** Called with what goes wrong. The address is left out of it: it may have a password. */
  readonly onFault: (message: string, error?: unknown) => void
  /** For tests: chance, and the wait between two attempts. */
  readonly random?: () => number
  readonly sleep?: Sleep
}

export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>

const sleepFor: Sleep = (ms, signal) => setTimeout(ms, undefined, { signal })

/** Milliseconds before the next attempt, of which half is chance. */
const PACE = { first: 1000, longest: 30_000 }
/** What is wrong with the data itself is not sent again. */
const HOPELESS = [400, 413, 422]

const pack = promisify(gzip)

/**
 * Sends a message until it is taken. Returns false if the receiver refuses this message for good; it is
 * then left out. Where the receiver is away, or does not let us in, it is tried for ever: nothing is lost,
 * as what waits is stored. Throws when the signal aborts.
 */
export async function post(message: object, options: PostOptions): Promise<boolean> {
  const {
    url,
    protocol,
    compression,
    timeout,
    schema,
    signal,
    onFault,
    random = Math.random,
    sleep = sleepFor,
  } = options
  const isJson = protocol === 'http/json'
  const plain = isJson ? JSON.stringify(message) : encode(message, schema)
  const body = compression === 'gzip' ? await pack(plain) : plain
  const headers = {
    ...options.headers,
    'Content-Type': isJson ? 'application/json' : 'application/x-protobuf',
    ...(compression === 'gzip' && { 'Content-Encoding': 'gzip' }),
  }
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted()
    const answer = await send().catch((error: Error) => ({ status: 0, error, wait: undefined }))
    if (answer.status >= 200 && answer.status < 300) return true
    if (HOPELESS.includes(answer.status)) {
      onFault(`an OTLP receiver refuses what it is sent: ${answer.status}`)
      return false
    }
    if (attempt === 0)
      onFault(`an OTLP receiver does not take what it is sent (${reasonOf(answer)})`)
    const pause = backOff(attempt, PACE) * (0.5 + random() / 2)
    // A receiver that asks for no pause at all would be asked without end.
    await sleep(Math.max(answer.wait ?? 0, pause), signal)
  }

  async function send() {
    const response = await withDeadline(timeout, signal, async (within) => {
      const answer = await fetch(url, {
        method: 'POST',
        headers,
        body,
        redirect: 'manual',
        signal: within,
      })
      await answer.arrayBuffer()
      return answer
    })
    const wait = askedPause(response.headers.get('retry-after') ?? undefined, Date.now())
    return { status: response.status, error: undefined, wait }
  }
}

function reasonOf({ status, error }: { status: number; error: Error | undefined }): string {
  const cause = (error?.cause as NodeJS.ErrnoException | undefined)?.code
  return status > 0 ? String(status) : (cause ?? error?.name ?? 'no answer')
}
