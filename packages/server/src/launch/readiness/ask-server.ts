import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { withDeadline } from '@launchtail/client/async'
import { PROBE_ADDRESS, PROBE_NAME } from './probe-lines.js'
import type { Readiness } from './readiness.js'

export interface AskOptions {
  /** Where the server is reached, such as `http://127.0.0.1:8000`. */
  base: string
  readiness: Readiness
  /**
   * How the server's access lines show that it was the probe: by the address it comes from, where the
   * server is on this machine, or by a query.
   */
  mark: 'address' | 'query'
  signal: AbortSignal
}

const TIMEOUT = 2000
/** A server that has no such path with the query is asked without it, so often in milliseconds. */
const PLAIN_EVERY = 10_000

/** Asks a server for a path, and returns the status it answers; undefined where there is no answer. */
export function serverAsker({ base, readiness, mark, signal }: AskOptions) {
  const { headers, body, answer = TIMEOUT } = readiness
  const askedPlain = new Map<string, number>()
  let byAddress = mark === 'address' && process.platform === 'linux'
  let byQuery = mark === 'query'
  return ask

  async function ask(path: string): Promise<number | undefined> {
    if (!byQuery) return status(path)
    const marked = await status(`${path}${path.includes('?') ? '&' : '?'}${PROBE_NAME}=1`)
    const since = performance.now() - (askedPlain.get(path) ?? Number.NEGATIVE_INFINITY)
    if (marked === undefined || marked < 400 || marked >= 500 || since < PLAIN_EVERY) return marked
    // A strict server may not know the path because of the query.
    askedPlain.set(path, performance.now())
    const plain = await status(path)
    if (plain !== marked) byQuery = false
    return plain
  }

  async function status(path: string): Promise<number | undefined> {
    try {
      return await withDeadline(answer, signal, (within) => send(new URL(base + path), within))
    } catch (error) {
      // This machine has no such address: the lines are not told apart then.
      if ((error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL') byAddress = false
      // Refused, not HTTP, or too slow: not ready yet.
      return undefined
    }
  }

  function send(url: URL, within: AbortSignal): Promise<number | undefined> {
    const options: RequestOptions = {
      agent: false,
      signal: within,
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'User-Agent': PROBE_NAME,
        ...(body !== undefined && {
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(body),
        }),
        ...headers,
      },
      ...(byAddress && { localAddress: PROBE_ADDRESS }),
    }
    return statusOf(url, options, body)
  }
}

function statusOf(url: URL, options: RequestOptions, body = ''): Promise<number | undefined> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const asked = request(url, options)
    asked.once('response', (response: IncomingMessage) => {
      resolve(response.statusCode)
      response.destroy()
    })
    asked.on('error', reject)
    asked.end(body)
  })
}
