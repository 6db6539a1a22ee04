import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { rawRefusal } from './raw-refusals.js'

/** A connection must send a whole request head within this, in milliseconds. */
export const HEAD_TIMEOUT = 15_000
/** The rest of a refused request's body is read and dropped for this long, in milliseconds. */
const LINGER = 5_000

/** Closes connections that send no request, or one that no route could answer. */
export function guardConnections(server: Server): void {
  const silent = new WeakMap<Socket, NodeJS.Timeout>()
  server.on('connection', (socket) => {
    const timer = setTimeout(() => {
      socket.end(rawRefusal(408, 'request took too long'))
      socket.destroySoon()
    }, HEAD_TIMEOUT)
    silent.set(socket, timer)
    socket.once('close', () => clearTimeout(timer))
  })
  server.on('request', ({ socket }) => clearTimeout(silent.get(socket)))
  server.on('checkExpectation', ({ socket }: IncomingMessage) => {
    socket.end(rawRefusal(417, "only '100-continue' can be expected"))
  })
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    const allowed = 'Allow: GET, HEAD, POST, DELETE\r\n'
    socket.end(rawRefusal(405, 'CONNECT is not allowed here', allowed))
  })
}

/** Cut at once, a sender that is still sending would not see the answer. */
export function lingerBriefly(request: IncomingMessage): void {
  if (request.complete) return
  const timer = setTimeout(() => request.destroy(), LINGER)
  timer.unref()
  request.once('close', () => clearTimeout(timer))
}
