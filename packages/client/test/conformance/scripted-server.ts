import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, type Behaviour, type Driver, type RunResult, text } from './behaviours.js'

export interface Asked {
  readonly token: string
  readonly accept: string
  readonly lastEventId: string
  /** Milliseconds since a reader could first know that the answer before was over; 0 for the first. */
  readonly waited: number
}

export interface Played extends RunResult {
  readonly asked: readonly Asked[]
}

const TOKEN = 'token-0123456789'
const BEAT_EVERY = 20
/** Milliseconds from piece to piece: sent at once, they would be read as one. */
const APART = 3

/** Drives a client through a script; what it gave, and what it asked for. */
export async function play(driver: Driver, behaviour: Behaviour): Promise<Played> {
  const nodeId = randomUUID()
  const nodePath = `/admin/nodes/${nodeId}`
  const streamPath = `${nodePath}/logs/stream`
  const node = { node_id: nodeId, status: 'active', message: 'up' }
  const asked: Asked[] = []
  let answered = 0
  let nodeTold = () => {}
  const nodeAsked = new Promise<void>((resolve) => {
    nodeTold = resolve
  })
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://host').pathname
    if (path === nodePath) return void response.end(JSON.stringify(node), nodeTold)
    // The port was another's a moment ago: whoever still asks for something else means that.
    if (path !== streamPath) return void response.writeHead(404).end()
    asked.push({
      token: String(request.headers['x-admin-token'] ?? ''),
      accept: String(request.headers.accept ?? ''),
      lastEventId: String(request.headers['last-event-id'] ?? ''),
      waited: answered && performance.now() - answered,
    })
    const answer = behaviour.script[asked.length - 1] ?? { status: 418 }
    const missed = driver.mayMiss ? missedBy(behaviour, asked) : ''
    void give(
      missed ? { ...answer, body: [missed, ...piecesOf(answer)] } : answer,
      request,
      response,
      () => {
        answered = performance.now()
      },
    )
  })
  const listen = async (port: number) => {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return (server.address() as { port: number }).port
  }
  const port = await listen(0)
  const { closedFor } = behaviour
  if (closedFor && !driver.asksForNode) await close()
  try {
    const url = `http://127.0.0.1:${port}`
    const running = driver.run(url, nodeId, TOKEN, behaviour.options ?? {})
    if (closedFor) {
      // What fails before the port is open again is told below, by who waits for it.
      running.catch(() => {})
      if (driver.asksForNode) await nodeAsked.then(close)
      await sleep(closedFor)
      await listen(port)
    }
    return { ...(await running), asked }
  } finally {
    await close()
  }

  async function close(): Promise<void> {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
}

/** What each request of a reader must be like. */
export const ASKED = {
  token: TOKEN,
  accept: 'text/event-stream',
}

/** The events between the one the last request resumes after and the one it was expected to. */
function missedBy({ expect }: Behaviour, asked: readonly Asked[]): string {
  const place = (id = '') =>
    id === '' ? -1 : expect.events.findLastIndex((each) => each.id === id)
  const from = place(asked.at(-1)?.lastEventId) + 1
  const to = place(expect.resumes[asked.length - 1]) + 1
  return expect.events.slice(from, to).map(text).join('')
}

function piecesOf({ body = '' }: Answer): readonly (string | Uint8Array)[] {
  return typeof body === 'string' || body instanceof Uint8Array ? [body] : body
}

async function give(
  { status = 200, headers, body = '', finally: then = 'end', beat, silent, raw, unframed }: Answer,
  request: IncomingMessage,
  response: ServerResponse,
  /** Called just before the reader can know that this is all, so that no wait looks shorter. */
  over: () => void,
): Promise<void> {
  const gone = once(response, 'close')
  over()
  if (raw !== undefined) await new Promise((sent) => request.socket.write(raw, sent))
  else if (!silent) {
    response.useChunkedEncodingByDefault = !unframed
    response.shouldKeepAlive = !unframed
    response.socket?.setNoDelay()
    response.writeHead(status, {
      ...(status === 200 && { 'Content-Type': 'text/event-stream' }),
      ...headers,
    })
    response.flushHeaders()
    for (const [n, piece] of piecesOf({ body }).entries()) {
      if (n > 0) await sleep(APART)
      if (piece.length > 0) await new Promise((sent) => response.write(piece, sent))
    }
  }
  // What is no stream was over with its head.
  if (status === 200) over()
  if (then === 'end') response.end()
  else if (then === 'cut') request.socket.destroy()
  else if (beat) {
    const beating = setInterval(() => response.write(beat), BEAT_EVERY)
    await gone
    clearInterval(beating)
  }
  await gone
}
