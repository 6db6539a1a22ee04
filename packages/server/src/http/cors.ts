import type { IncomingMessage, ServerResponse } from 'node:http'
import { operations } from '@launchtail/client/protocol'
import { isOpen, pathOf } from './paths.js'

/** What pages of other origins may do: read, with the token or a ticket. */
export interface Cors {
  /** Marks the answer as readable for the page that asks, if its origin is one of those that may. */
  mark(request: IncomingMessage, response: ServerResponse): void
  /** True for the question of a browser whether such a page may ask. It bears no token. */
  isPreflight(request: IncomingMessage): boolean
}

const METHODS = ['GET', 'HEAD']

/** Without origins nothing is marked, as browsers then keep other pages out. */
export function createCors(origins: readonly string[]): Cors {
  const allowed = new Set(origins)
  const { asked, answered } = namesOfHeaders()
  return { mark, isPreflight }

  function mark(request: IncomingMessage, response: ServerResponse): void {
    if (allowed.size === 0 || isOpen(pathOf(request))) return
    // Also for others: a cache must not give them the answer that this origin got.
    response.setHeader('Vary', 'Origin')
    const { origin = '' } = request.headers
    if (!allowed.has(origin)) return
    response.setHeader('Access-Control-Allow-Origin', origin)
    if (!isPreflight(request)) {
      response.setHeader('Access-Control-Expose-Headers', answered)
      return
    }
    response.setHeader('Access-Control-Allow-Methods', METHODS.join(', '))
    response.setHeader('Access-Control-Allow-Headers', asked)
    response.setHeader('Access-Control-Max-Age', '600')
  }

  function isPreflight({ method, headers: { origin = '', ...headers } }: IncomingMessage): boolean {
    const wanted = headers['access-control-request-method']
    return method === 'OPTIONS' && allowed.has(origin) && wanted !== undefined
  }
}

/** The headers of the operations that read. */
function namesOfHeaders() {
  const asked = new Set(['X-Admin-Token', 'Content-Type'])
  const answered = new Set(['Retry-After'])
  for (const operation of Object.values(operations)) {
    if (!METHODS.includes(operation.method)) continue
    const { headers = {}, answerHeaders = {} } = operation as {
      headers?: object
      answerHeaders?: object
    }
    for (const name of Object.keys(headers)) asked.add(name)
    for (const name of Object.keys(answerHeaders)) answered.add(name)
  }
  return { asked: [...asked].join(', '), answered: [...answered].join(', ') }
}
