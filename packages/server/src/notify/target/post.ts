import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { LONGEST_TIMER, startDeadline } from '@launchtail/client/async'
import type { Answer } from '../verdict.js'
import type { AddressRules } from './address-rules.js'
import { ForbiddenTarget, readTarget, type Target } from './read-target.js'
import { type Lookup, resolveTarget } from './resolve-target.js'

export interface Post {
  readonly url: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

export interface PosterOptions {
  rules: AddressRules
  lookup: Lookup
  /** The limit for resolving, connecting, sending and reading together, in milliseconds. */
  timeout?: number
  /** Trusted certificates, in place of the default ones. */
  ca?: string
}

export type Poster = (post: Post, signal?: AbortSignal) => Promise<Answer>

const TIMEOUT = 15_000
/** How long connecting to one address may take while there are others to try. */
const EACH = 3000
/** The answer is read up to this many characters. */
const ANSWER = 4096

/**
 * Sends each message on a connection of its own, to an address that was just checked. Redirects and proxies
 * are not followed. It never throws: a failure is an answer.
 */
export function createPoster({ rules, lookup, timeout = TIMEOUT, ca }: PosterOptions): Poster {
  return async (post, parent) => {
    const deadline = startDeadline(timeout, parent)
    try {
      const target = readTarget(post.url, rules)
      const addresses = await abortable(resolveTarget(target, rules, lookup), deadline.signal)
      const socket = await connectToAny(target, addresses, { ca, signal: deadline.signal })
      return await exchange(target, post, { socket, signal: deadline.signal })
    } catch (error) {
      if (deadline.passed()) return { error: `no answer within ${timeout / 1000} s` }
      const isForbidden = error instanceof ForbiddenTarget
      return { error: isForbidden ? `its address ${wordsOf(error)}` : wordsOf(error), isForbidden }
    } finally {
      deadline.clear()
    }
  }
}

interface ConnectOptions {
  readonly ca: string | undefined
  readonly signal: AbortSignal
}

/** Tries the addresses one after the other, so that one that does not answer leaves time for the next. */
async function connectToAny(
  target: Target,
  addresses: readonly string[],
  { ca, signal }: ConnectOptions,
): Promise<Socket> {
  let fault: unknown
  for (const [i, address] of addresses.entries()) {
    const isLast = i === addresses.length - 1
    const deadline = startDeadline(isLast ? LONGEST_TIMER : EACH, signal)
    try {
      return await connect(target, address, { ca, signal: deadline.signal })
    } catch (error) {
      signal.throwIfAborted()
      fault = error
    } finally {
      deadline.stop()
    }
  }
  throw fault
}

function connect(
  { isSecure, host, port }: Target,
  address: string,
  { ca, signal }: ConnectOptions,
): Promise<Socket> {
  const to = { host: address, port }
  // The certificate is checked against the name; the connection goes to the checked address.
  const socket = isSecure
    ? connectTls({ ...to, ...(ca !== undefined && { ca }), servername: serverName(host) })
    : connectTcp(to)
  return new Promise((resolve, reject) => {
    const abort = () => socket.destroy(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    socket.once('close', () => signal.removeEventListener('abort', abort))
    socket.once('error', reject)
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      socket.off('error', reject)
      // The request gets the same error.
      socket.on('error', () => {})
      resolve(socket)
    })
    if (signal.aborted) abort()
  })
}

/** SNI allows no IP addresses. The certificate is then checked against the address itself. */
function serverName(host: string): string {
  return /^[\d.]+$|:/.test(host) ? '' : host
}

interface ExchangeOptions {
  readonly socket: Socket
  readonly signal: AbortSignal
}

function exchange(
  { path, authority }: Target,
  { body, headers }: Post,
  { socket, signal }: ExchangeOptions,
): Promise<Answer> {
  const request = httpRequest({
    method: 'POST',
    path,
    setHost: false,
    headers: {
      ...headers,
      Host: authority,
      'Content-Length': Buffer.byteLength(body),
      Connection: 'close',
    },
    createConnection: () => socket,
  })
  return new Promise<Answer>((resolve, reject) => {
    request.once('error', reject)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    request.once('response', (response) => {
      readAnswer(response).then(resolve, reject)
    })
    request.end(body)
  }).finally(() => socket.destroy())
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  response.setEncoding('utf8')
  let text = ''
  for await (const chunk of response) {
    text += chunk
    if (text.length >= ANSWER) break
  }
  const { statusCode: status = 0, headers } = response
  const isCut = text.length >= ANSWER
  return { status, retryAfter: headers['retry-after'], text: text.slice(0, ANSWER), isCut }
}

async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  return Promise.race([work, aborted])
}

function wordsOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException
  return message || code || String(error)
}
