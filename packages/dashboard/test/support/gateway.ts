import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Gateway {
  readonly url: string
  /** The streams that are open now and stay so, by their path. */
  streams(): string[]
  /** The logs that were asked for from their beginning so far, by their path, each time. */
  begun(): string[]
}

/** A proxy that puts a server under a path of its own, and counts what goes through. HTTP/1.1. */
export async function startGateway(upstream: string, prefix: string): Promise<Gateway> {
  const sockets = new Set<Socket>()
  const streams = new Map<ServerResponse, string>()
  const begun: string[] = []
  const server = createServer(pass)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    streams: () => [...streams.values()],
    begun: () => begun,
  }

  function pass(asked: IncomingMessage, answer: ServerResponse): void {
    const path = asked.url ?? ''
    if (!path.startsWith(`${prefix}/`)) {
      answer.writeHead(404).end()
      return
    }
    const target = new URL(path.slice(prefix.length), upstream)
    if (target.pathname.endsWith('/stream') && target.searchParams.get('follow') !== 'false') {
      streams.set(answer, target.pathname)
    }
    const { method, headers } = asked
    if (target.pathname.endsWith('/logs/stream') && !headers['last-event-id']) {
      begun.push(target.pathname)
    }
    const onward = request(target, { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(answer)
      response.on('error', () => answer.destroy())
    })
    onward.on('error', () => answer.destroy())
    answer.on('close', () => {
      streams.delete(answer)
      onward.destroy()
    })
    asked.pipe(onward)
  }
}
