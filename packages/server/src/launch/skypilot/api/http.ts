import type { IncomingMessage } from 'node:http'
import { startDeadline, withDeadline } from '@launchtail/client/async'
import { formatDuration } from '@launchtail/client/protocol'
import { isPage, skyFaults } from './faults.js'
import { createSender, pathPrefix, type SkyCall } from './send.js'

export interface SkyHttpOptions {
  /** As in SKYPILOT_API_SERVER_ENDPOINT; it may hold a user and a password. */
  endpoint: string
  /** A service account's token. */
  token?: string | undefined
  /** How long an answer, or the head of a stream, may take, in milliseconds. */
  timeout?: number
  /** The most bytes that are read of an answer that is not a stream. */
  maxBytes?: number
}

export interface AskedCall extends SkyCall {
  signal?: AbortSignal | undefined
  /** Statuses of 300 and above that are answers too. */
  accepts?: readonly number[]
}

export interface StreamCall extends SkyCall {
  signal: AbortSignal
  /** Milliseconds without a byte after which the stream counts as cut. */
  silence: number
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** Parsed JSON. */
  readonly body: unknown
}

/** Everything that goes wrong is thrown as a SkyApiError, except the abort of the caller's signal. */
export interface SkyHttp {
  /** The server's address as it may be shown. */
  readonly origin: string
  ask(call: AskedCall): Promise<Answer>
  /** The bytes of an answer as they come, until it ends. */
  stream(call: StreamCall): AsyncGenerator<Buffer, void>
}

const TIMEOUT = 15_000
/** A long list of requests has some hundred kilobytes. */
const MAX_BYTES = 8 * 1024 * 1024
/** How much is read of an answer that only says what went wrong. */
const MAX_FAULT_BYTES = 256 * 1024

/** Speaks HTTP with the API server, in bounded time and memory, whatever the server answers. */
export function skyHttp({
  endpoint,
  token,
  timeout = TIMEOUT,
  maxBytes = MAX_BYTES,
}: SkyHttpOptions): SkyHttp {
  const base = new URL(endpoint)
  const faults = skyFaults(base.origin)
  const send = createSender(base, token)
  return { origin: base.origin + pathPrefix(base), ask, stream }

  async function ask({ signal, accepts = [], ...call }: AskedCall): Promise<Answer> {
    try {
      return await withDeadline(timeout, signal, async (within) => {
        const response = await send(call, within)
        const { statusCode: status = 0, headers } = response
        const good = status < 300 || accepts.includes(status)
        const bytes = await readAll(response, good ? maxBytes : MAX_FAULT_BYTES)
        if (!good) throw faults.ofAnswer(response, bytes)
        return { status, headers, body: parse(response, bytes) }
      })
    } catch (error) {
      throw signal?.aborted ? signal.reason : faults.ofNetwork(error)
    }
  }

  async function* stream({ signal, silence, ...call }: StreamCall): AsyncGenerator<Buffer, void> {
    const opening = startDeadline(timeout, signal)
    let response: IncomingMessage | undefined
    try {
      response = await send(call, opening.signal)
      if ((response.statusCode ?? 0) >= 300) {
        throw faults.ofAnswer(response, await readAll(response, MAX_FAULT_BYTES))
      }
      if (isPage(response)) throw faults.ofAnswer(response, Buffer.alloc(0))
      opening.stop()
      destroyWhenSilent(response, silence)
      for await (const chunk of response) yield chunk as Buffer
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw faults.ofNetwork(opening.passed() ? opening.signal.reason : error)
    } finally {
      opening.clear()
      response?.destroy()
    }
  }

  async function readAll(response: IncomingMessage, most: number): Promise<Buffer> {
    const chunks: Buffer[] = []
    let size = 0
    // Leaving the loop destroys the response.
    for await (const chunk of response) {
      chunks.push(chunk as Buffer)
      size += (chunk as Buffer).length
      if (size > most) throw faults.unexpected(`more than ${most} bytes where little was expected`)
    }
    return Buffer.concat(chunks)
  }

  function parse(response: IncomingMessage, bytes: Buffer): unknown {
    try {
      return JSON.parse(bytes.toString('utf8'))
    } catch (cause) {
      throw isPage(response, bytes)
        ? faults.ofAnswer(response, bytes)
        : faults.unexpected('something that is not JSON, or not all of it', cause)
    }
  }
}

/** That ends the loop that reads it, with an error. */
function destroyWhenSilent(response: IncomingMessage, silence: number): void {
  response.socket.setTimeout(silence, () => {
    response.destroy(new Error(`nothing came for ${formatDuration(silence)}`))
  })
}
