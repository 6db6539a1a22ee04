import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { HttpError } from '../errors.js'
import { pathOf } from './paths.js'

/** So many connections are accepted beyond the limit. */
const SPARE = 16
/** A spare connection is closed after this long, in milliseconds. */
const SPARE_TIME = 2000
const PROBES = ['/healthz', '/readyz']

/** Returns true for a request over a spare connection. Throws 503 unless that is a probe. */
export type CheckConnection = (request: IncomingMessage) => boolean

/**
 * Keeps the process from using up its descriptors on connections. A few are accepted beyond the
 * limit, so that supervisors still get an answer and everyone else learns why they do not. Each of
 * these serves one request; when there are too many of them, the oldest one is closed. In a flood a
 * probe is therefore lost only if 16 newer connections arrive before its request does.
 */
export function keepSpareConnections(server: Server, limit: number): CheckConnection {
  const spare = new Set<Socket>()
  let open = 0
  const closes = () => {
    open -= 1
  }
  server.on('connection', (socket) => {
    open += 1
    socket.on('close', closes)
    if (open > limit) addSpare(socket)
  })
  return checkConnection

  function addSpare(socket: Socket): void {
    const timer = setTimeout(() => socket.destroy(), SPARE_TIME)
    spare.add(socket)
    socket.once('close', () => {
      clearTimeout(timer)
      spare.delete(socket)
    })
    const [oldest] = spare
    if (spare.size <= SPARE || oldest === undefined) return
    // Its `close` comes only after the connections that are already waiting to be accepted.
    spare.delete(oldest)
    oldest.destroy()
  }

  function checkConnection(request: IncomingMessage): boolean {
    if (!spare.has(request.socket)) return false
    if (PROBES.includes(pathOf(request))) return true
    const headers = { 'Retry-After': '1', Connection: 'close' }
    throw new HttpError(503, 'too many connections, try again', { headers })
  }
}
