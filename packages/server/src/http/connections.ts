import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { rawRefusal } from './raw-refusals.js'

/** A connection must send a whole request head within this, in milliseconds. */
export const HEAD_TIMEOUT = 15_000
/** The rest of a refused request's body is read and dropped for this long, in milliseconds. */
const LINGER = 5_000
/** Milliseconds between looks at an answer, and how many in a row may find that nothing was taken. */
const LOOK_EVERY = 10_000
const LOOKS = 3

/** Closes connections that send no request, or one that no route could answer. */
export function guardConnections(server: Server): void {
  const silent = new WeakMap<Socket, NodeJS.Timeout>()
  // Listeners that all connections share: each would otherwise keep functions of its own.
  const speaks = ({ socket }: { readonly socket: Socket }) => {
    clearTimeout(silent.get(socket))
    silent.delete(socket)
  }
  function closes(this: Socket): void {
    speaks({ socket: this })
  }
  server.on('connection', (socket) => {
    const refuse = () => {
      socket.end(rawRefusal(408, 'request took too long'))
      socket.destroySoon()
    }
    silent.set(socket, setTimeout(refuse, HEAD_TIMEOUT))
    socket.on('close', closes)
  })
  server.on('request', speaks)
  server.on('checkExpectation', ({ socket }: IncomingMessage) => {
    socket.end(rawRefusal(417, "only '100-continue' can be expected"))
  })
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    const allowed = 'Allow: GET, HEAD, POST, DELETE\r\n'
    socket.end(rawRefusal(405, 'CONNECT is not allowed here', allowed))
  })
}

/**
 * Ends an answer of which its reader takes nothing for 30 s, as streams do. Node's own timer looks, and
 * starts anew where a long write went on a little, which nothing else tells.
 */
export function endIfStalled(response: ServerResponse): void {
  let looks = 0
  let last = Number.NEGATIVE_INFINITY
  response.setTimeout(LOOK_EVERY, () => {
    const { socket } = response
    // The next write starts the timer again.
    if (!socket || socket.writableLength === 0) return
    const now = performance.now()
    looks = now - last < 1.5 * LOOK_EVERY ? looks + 1 : 1
    last = now
    if (looks < LOOKS) socket.setTimeout(LOOK_EVERY)
    else response.destroy()
  })
}

/** Cut at once, a sender that is still sending would not see the answer. */
export function lingerBriefly(request: IncomingMessage): void {
  if (request.complete) return
  const timer = setTimeout(() => request.destroy(), LINGER)
  timer.unref()
  request.once('close', () => clearTimeout(timer))
}
