import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { until } from './processes.js'

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly path: string
  readonly body: string
  /** By the wall clock. */
  readonly at: number
}

/** In place of what did not come. */
export const NOTHING: Received = { headers: {}, path: '', body: '', at: 0 }

/** A program that receives webhooks on loopback. */
export interface Receiver {
  readonly url: string
  readonly port: number
  readonly received: Received[]
  /** Connections that were opened to it so far. */
  connections(): number
  /** What it does with each message. Default: 204. */
  answer: (response: ServerResponse, received: Received) => void
  /** The messages as JSON, once there are so many. */
  messages(count: number, within?: number): Promise<ReceivedMessage[]>
  /** No connection gets through until the returned function is called. */
  down(): () => Promise<void>
}

export interface ReceivedMessage {
  readonly id: string
  readonly type: string
  readonly timestamp: string
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of it.
  readonly data: any
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const one = { headers: request.headers, path: request.url ?? '', body, at: Date.now() }
      received.push(one)
      receiver.answer(response, one)
    })
  })
  server.on('connection', (socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    received,
    connections: () => connections,
    answer: (response) => void response.writeHead(204).end(),
    async messages(count, within) {
      const what = `${count} messages`
      await until(what, () => received.length >= count, within)
      return received.map(({ headers, body }) => ({
        id: String(headers['webhook-id']),
        ...JSON.parse(body),
      }))
    },
    down() {
      for (const socket of sockets) socket.destroy()
      server.close()
      return async () => {
        server.listen(port, '127.0.0.1')
        await once(server, 'listening')
      }
    },
  }
  return receiver
}
