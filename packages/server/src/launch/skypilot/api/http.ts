import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

/** Why the API server did not do what it was asked, in words a person can act on. */
export class SkyApiError extends Error {
  /** Whether it may go another time: it is away, overloaded, or something stands before it. */
  readonly passes: boolean
  readonly status: number | undefined
  /** The name of SkyPilot's exception, where it was one. */
  readonly type: string | undefined

  constructor(
    message: string,
    options: { passes: boolean; status?: number; type?: string; cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.passes = options.passes
    this.status = options.status
    this.type = options.type
  }
}

export interface SkyHttpOptions {
  /** As in SKYPILOT_API_SERVER_ENDPOINT; it may name a user and a password. */
  endpoint: string
  /** A service account's token. */
  token?: string | undefined
  /** How long an answer may take, in milliseconds. */
  timeout?: number
  /** The most bytes that are read of an answer that is not a stream. */
  maxBytes?: number
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** Parsed JSON. */
  readonly body: unknown
}

export interface SkyHttp {
  /** The server's address as it may be shown. */
  readonly origin: string
  /** Answers below 300, and those `accepts` lists; all others are thrown as SkyApiError. */
  ask(
    method: 'GET' | 'POST',
    path: string,
    options?: { body?: unknown; signal?: AbortSignal; accepts?: readonly number[] },
  ): Promise<Answer>
  /**
   * An answer's bytes as they come, until it ends; throws SkyApiError when it is cut, or when
   * nothing came for `silence` milliseconds.
   */
  stream(
    method: 'GET' | 'POST',
    path: string,
    options: {
      body?: unknown
      signal: AbortSignal
      silence: number
      onHeaders?: (headers: IncomingMessage['headers']) => void
    },
  ): AsyncGenerator<Buffer, void>
}

const TIMEOUT = 15_000
/** A long list of requests has some hundred kilobytes. */
const MAX_BYTES = 8 * 1024 * 1024
/** How much is read of an answer that only says what went wrong. */
const MAX_FAULT_BYTES = 256 * 1024
const KEEP_ALIVE = 30_000

/** Speaks HTTP with the API server: bounded memory and words, whatever it answers. */
export function skyHttp({
  endpoint,
  token,
  timeout = TIMEOUT,
  maxBytes = MAX_BYTES,
}: SkyHttpOptions): SkyHttp {
  const base = new URL(endpoint)
  const prefix = base.pathname.replace(/\/+$/, '')
  const authorization = authorizationOf(base, token)
  return { origin: base.origin + prefix, ask, stream }

  async function ask(
    method: 'GET' | 'POST',
    path: string,
    {
      body,
      signal,
      accepts = [],
    }: { body?: unknown; signal?: AbortSignal; accepts?: readonly number[] } = {},
  ): Promise<Answer> {
    const within = AbortSignal.any([AbortSignal.timeout(timeout), ...(signal ? [signal] : [])])
    const response = await send(method, path, body, within, signal)
    const { statusCode: status = 0, headers } = response
    const good = status < 300 || accepts.includes(status)
    const bytes = await readAll(response, good ? maxBytes : MAX_FAULT_BYTES, signal)
    if (!good) throw faultOf(response, bytes)
    return { status, headers, body: parse(response, bytes) }
  }

  async function* stream(
    method: 'GET' | 'POST',
    path: string,
    {
      body,
      signal,
      silence,
      onHeaders,
    }: {
      body?: unknown
      signal: AbortSignal
      silence: number
      onHeaders?: (headers: IncomingMessage['headers']) => void
    },
  ): AsyncGenerator<Buffer, void> {
    const opening = new AbortController()
    const late = setTimeout(() => opening.abort(), timeout)
    const within = AbortSignal.any([signal, opening.signal])
    const response = await send(method, path, body, within, signal).finally(() =>
      clearTimeout(late),
    )
    try {
      if ((response.statusCode ?? 0) >= 300) {
        throw faultOf(response, await readAll(response, MAX_FAULT_BYTES, signal))
      }
      if (isPage(response)) throw faultOf(response, Buffer.alloc(0))
      onHeaders?.(response.headers)
      // A socket that is silent for too long is destroyed, which ends the loop below.
      response.socket.setTimeout(silence, () => {
        response.destroy(new Error(`nothing came for ${Math.round(silence / 1000)} s`))
      })
      for await (const chunk of response) yield chunk as Buffer
    } catch (error) {
      throw asFault(error, signal)
    } finally {
      response.destroy()
    }
  }

  function send(
    method: string,
    path: string,
    body: unknown,
    within: AbortSignal,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const request = base.protocol === 'https:' ? requestHttps : requestHttp
    return new Promise((resolve, reject) => {
      const asked = request(new URL(prefix + path, base.origin), {
        method,
        agent: false,
        signal: within,
        headers: {
          // A browser's name would get HTML.
          'User-Agent': 'launchtail',
          Accept: 'application/json, text/plain',
          ...(authorization !== undefined && { Authorization: authorization }),
          ...(text !== undefined && {
            'Content-Type': 'application/json',
            'Content-Length': Buffer.byteLength(text),
          }),
        },
      })
      asked.once('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE))
      asked.once('response', resolve)
      asked.once('error', (error) => reject(asFault(error, signal)))
      asked.end(text)
    })
  }

  /** Ours to give up is no fault of the server's: the signal's reason is thrown as it is. */
  function asFault(error: unknown, signal: AbortSignal | undefined): unknown {
    if (error instanceof SkyApiError) return error
    if (signal?.aborted) return signal.reason
    const { name, code, message } = error as NodeJS.ErrnoException
    const late = name === 'AbortError' || name === 'TimeoutError'
    const why = late ? `no answer within ${timeout / 1000} s` : CODES[code ?? ''] || message
    return away(why, error)
  }

  function away(why: string, cause?: unknown, status?: number): SkyApiError {
    return new SkyApiError(`the SkyPilot API server ${base.origin} cannot be reached: ${why}`, {
      passes: true,
      cause,
      ...(status !== undefined && { status }),
    })
  }

  async function readAll(
    response: IncomingMessage,
    most: number,
    signal: AbortSignal | undefined,
  ): Promise<Buffer> {
    const chunks: Buffer[] = []
    let size = 0
    try {
      for await (const chunk of response) {
        chunks.push(chunk as Buffer)
        size += (chunk as Buffer).length
        if (size > most) throw odd(`more than ${most} bytes where little was expected`)
      }
    } catch (error) {
      throw asFault(error, signal)
    } finally {
      response.destroy()
    }
    return Buffer.concat(chunks)
  }

  function parse(response: IncomingMessage, bytes: Buffer): unknown {
    try {
      return JSON.parse(bytes.toString('utf8'))
    } catch (cause) {
      throw isPage(response, bytes)
        ? faultOf(response, bytes)
        : odd('something that is not JSON, or not all of it', cause)
    }
  }

  function odd(what: string, cause?: unknown): SkyApiError {
    const message = `the SkyPilot API server ${base.origin} did not answer as one: it sent ${what}`
    return new SkyApiError(message, { passes: true, cause })
  }

  function faultOf(response: IncomingMessage, bytes: Buffer): SkyApiError {
    const { statusCode: status = 0, headers } = response
    const said = wordsOf(bytes)
    if (status >= 300 && status < 400) {
      return new SkyApiError(
        `the SkyPilot API server ${base.origin} sends callers elsewhere (HTTP ${status}), to a login page most likely; ${WANTS_LOGIN}`,
        { passes: false, status },
      )
    }
    if (status === 401 || status === 403) {
      const how = status === 401 ? 'wants a login' : 'does not allow this'
      return new SkyApiError(
        `the SkyPilot API server ${base.origin} ${how}${said && `: ${said}`}; ${WANTS_LOGIN}`,
        { passes: false, status },
      )
    }
    if (isPage(response, bytes)) {
      const error = odd(`a web page (HTTP ${status}); check SKYPILOT_API_SERVER_ENDPOINT`)
      return status >= 500 ? away(`HTTP ${status} and a web page`, error, status) : error
    }
    if (status >= 500 || status === 429 || status === 408) {
      const after = headers['retry-after'] === undefined ? '' : ', try again later'
      return away(`HTTP ${status}${said && `, ${said}`}${after}`, undefined, status)
    }
    return new SkyApiError(
      `the SkyPilot API server ${base.origin} refused the request (HTTP ${status})${said && `: ${said}`}`,
      { passes: false, status },
    )
  }
}

export const WANTS_LOGIN = 'set SKYPILOT_SERVICE_ACCOUNT_TOKEN to a token it accepts'

const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no machine of that name',
  EAI_AGAIN: 'its name could not be looked up',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'the connection could not be made in time',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
}

function authorizationOf(base: URL, token: string | undefined): string | undefined {
  if (token !== undefined && token !== '') return `Bearer ${token}`
  if (base.username === '' && base.password === '') return undefined
  const pair = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

function isPage(response: IncomingMessage, bytes?: Buffer): boolean {
  if (/\bhtml\b/.test(response.headers['content-type'] ?? '')) return true
  return bytes !== undefined && /^\s*<(?:!doctype|html)\b/i.test(bytes.toString('latin1', 0, 200))
}

/** What a refusal says: FastAPI's `detail`, an error's `message`, a bare text. */
function wordsOf(bytes: Buffer): string {
  let body: unknown
  try {
    body = JSON.parse(bytes.toString('utf8'))
  } catch {
    // A page or half an answer: the status must do.
    return ''
  }
  return said(body).replace(/\s+/g, ' ').slice(0, 500)
}

function said(body: unknown): string {
  if (typeof body === 'string') return body
  if (Array.isArray(body)) return body.map(said).filter(Boolean).join('; ')
  if (typeof body !== 'object' || body === null) return ''
  const { message, msg, loc, detail, error } = body as Record<string, unknown>
  if (typeof message === 'string') return message
  if (typeof msg === 'string') return Array.isArray(loc) ? `${loc.join('.')}: ${msg}` : msg
  return said(detail ?? error)
}
