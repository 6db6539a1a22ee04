import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

export interface SkyCall {
  method: 'GET' | 'POST'
  path: string
  body?: unknown
}

const KEEP_ALIVE = 30_000

/** Sends requests to the server at `base`. Resolves with the head of the answer. */
export function createSender(base: URL, token: string | undefined) {
  const prefix = pathPrefix(base)
  const request = base.protocol === 'https:' ? requestHttps : requestHttp
  const authorization = authorizationOf(base, token)
  return (call: SkyCall, signal: AbortSignal): Promise<IncomingMessage> => {
    const text = call.body === undefined ? undefined : JSON.stringify(call.body)
    return new Promise((resolve, reject) => {
      const sent = request(new URL(prefix + call.path, base.origin), {
        method: call.method,
        agent: false,
        signal,
        headers: headersFor(text, authorization),
      })
      sent.once('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE))
      sent.once('response', resolve)
      sent.once('error', reject)
      sent.end(text)
    })
  }
}

/** The path before all others, for a server behind a proxy; without a slash at its end. */
export function pathPrefix(base: URL): string {
  return base.pathname.replace(/\/+$/, '')
}

function headersFor(text: string | undefined, authorization: string | undefined) {
  return {
    // A browser's name would get HTML.
    'User-Agent': 'launchtail',
    Accept: 'application/json, text/plain',
    ...(authorization !== undefined && { Authorization: authorization }),
    ...(text !== undefined && {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
    }),
  }
}

function authorizationOf(base: URL, token: string | undefined): string | undefined {
  if (token !== undefined && token !== '') return `Bearer ${token}`
  if (base.username === '' && base.password === '') return undefined
  const pair = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}
