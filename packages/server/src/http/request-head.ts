import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { HttpError } from '../errors.js'
import { isLoopback } from '../loopback.js'
import { countOf } from './headers.js'
import { pathOf } from './paths.js'

export interface RequestHeadOptions {
  host: string
  /** Names that the server is reached by, besides its own. */
  allowedHosts: readonly string[]
}

const MAX_URL = 8 * 1024
const MAX_HEADERS = 100
/** A name or an address, and perhaps a port; no user in front of it. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.~-]+)(?::\d{0,5})?$/i

export interface HeadCheck {
  /** Throws for a request that is wrong whatever it asks for. */
  check(request: IncomingMessage): void
  /** True where `check` would not throw. */
  isSound(request: IncomingMessage): boolean
}

export function createHeadCheck({ host, allowedHosts }: RequestHeadOptions): HeadCheck {
  /** Connections that close with their first answer. What follows on them cannot be trusted. */
  const inDoubt = new WeakSet<Socket>()
  return {
    check(request) {
      const fault = faultIn(request)
      if (fault) {
        inDoubt.add(request.socket)
        throw fault
      }
      if (!isForUs(request)) {
        throw new HttpError(400, "'Host' names another server; see LAUNCHTAIL_ALLOWED_HOSTS")
      }
    },
    isSound: (request) => faultIn(request) === undefined && isForUs(request),
  }

  function faultIn(request: IncomingMessage): HttpError | undefined {
    return inDoubt.has(request.socket) ? refuse(400, 'bad request') : faultOf(request)
  }

  function isForUs({ headers }: IncomingMessage): boolean {
    return !isLoopback(host) || isOurs(headers.host)
  }

  /** Against DNS rebinding: a page of another name must not reach a server on this machine. */
  function isOurs(header = ''): boolean {
    const name = header.replace(/:\d*$/, '').toLowerCase()
    // HTTP/1.0 may leave it out. A browser never does.
    return name === '' || isLoopback(name) || name === host || allowedHosts.includes(name)
  }
}

function faultOf(request: IncomingMessage): HttpError | undefined {
  const { url = '', headers, rawHeaders, httpVersion } = request
  if (!url.startsWith('/') && url !== '*') return refuse(400, 'bad request')
  if (headers.host === undefined && httpVersion !== '1.0') return refuse(400, "'Host' is missing")
  if (headers.host !== undefined && !HOST.test(headers.host)) {
    return refuse(400, "'Host' is not a host name")
  }
  if (countOf(request, 'Host') > 1) return refuse(400, "'Host' is given more than once")
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') {
    return refuse(400, 'transfer encoding is not supported')
  }
  if (rawHeaders.length / 2 > MAX_HEADERS) return refuse(431, 'request has too many headers')
  // The id of a node has no limit here: there is just no node whose id is that long.
  const free = url.startsWith('/admin/nodes/') ? pathOf(request).length : 0
  if (url.length - free > MAX_URL) return refuse(414, 'request address is too long')
  return undefined
}

function refuse(status: number, message: string): HttpError {
  return new HttpError(status, message, { headers: { Connection: 'close' } })
}
