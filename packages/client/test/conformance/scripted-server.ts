import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Behaviour, Driver, RunResult } from './behaviours.js'

export interface Asked {
  readonly token: string
  readonly accept: string
  readonly lastEventId: string
  /** Milliseconds since the answer before had ended; 0 for the first. */
  readonly waited: number
}

export interface Played extends RunResult {
  readonly asked: readonly Asked[]
}

const TOKEN = 'token-0123456789'
const BEAT_EVERY = 20

/** Drives a client through a script; what it gave, and what it asked for. */
export async function play(driver: Driver, behaviour: Behaviour): Promise<Played> {
  const nodeId = randomUUID()
  const expectedPath = `/admin/nodes/${nodeId}/logs/stream`
  const asked: Asked[] = []
  let answered = 0
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://host').pathname
    // The port was another's a moment ago: whoever still asks for something else means that.
    if (path !== expectedPath) return void response.writeHead(404).end()
    asked.push({
      token: String(request.headers['x-admin-token'] ?? ''),
      accept: String(request.headers.accept ?? ''),
      lastEventId: String(request.headers['last-event-id'] ?? ''),
      waited: answered && performance.now() - answered,
    })
    const answer = behaviour.script[asked.length - 1] ?? { status: 418 }
    void give(answer, request, response).then(() => {
      answered = performance.now()
    })
  })
  const listen = async (port: number) => {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return (server.address() as { port: number }).port
  }
  const port = await listen(0)
  if (behaviour.closedFor) await close()
  try {
    const url = `http://127.0.0.1:${port}`
    const running = driver.run(url, nodeId, TOKEN, behaviour.options ?? {})
    if (behaviour.closedFor) {
      // What fails before the port is open again is told below, by who waits for it.
      running.catch(() => {})
      await sleep(behaviour.closedFor)
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

async function give(
  { status = 200, headers, body = '', finally: then = 'end', beat, silent, raw, unframed }: Answer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = once(response, 'close')
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
    for (const piece of Array.isArray(body) ? body : [body]) {
      if (piece.length > 0) await new Promise((sent) => response.write(piece, sent))
    }
  }
  if (then === 'end') response.end()
  else if (then === 'cut') request.socket.destroy()
  else if (beat) {
    const beating = setInterval(() => response.write(beat), BEAT_EVERY)
    await gone
    clearInterval(beating)
  }
  await gone
}
