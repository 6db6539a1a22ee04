import { once } from 'node:events'
import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import { type RunningServer, until } from './processes.js'

export interface RawBody {
  write(text: string | Uint8Array): void
  end(): void
  /** It is gone when all that was written has been delivered. */
  vanish(): void
  /** It is gone at once. */
  die(): void
  /** May come before the body has ended. */
  answer(): Promise<{ status: number; text: string }>
}

/**
 * A `text/plain` request whose body stays open, sent in exactly these pieces: chunks, or the plain
 * bytes where the headers have a `Content-Length`.
 */
export async function openRawBody(
  server: RunningServer,
  path: string,
  headers: Record<string, string> = {},
): Promise<RawBody> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.setNoDelay()
  let reply = ''
  socket.on('data', (bytes) => {
    reply += bytes
  })
  // One that vanishes may be told so; that is its own business.
  socket.on('error', () => {})
  await once(socket, 'connect')
  const lines = Object.entries({
    Host: 'localhost',
    'X-Admin-Token': server.token,
    'Content-Type': 'text/plain',
    ...headers,
  })
  const chunked = headers['Content-Length'] === undefined
  if (chunked) lines.push(['Transfer-Encoding', 'chunked'])
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.write(`POST ${path} HTTP/1.1\r\n${head}\r\n`)
  return {
    write(text) {
      const bytes = Buffer.from(text)
      if (bytes.length === 0) return
      if (chunked) socket.write(`${bytes.length.toString(16)}\r\n`)
      socket.write(bytes)
      if (chunked) socket.write('\r\n')
    },
    end() {
      if (chunked) socket.write('0\r\n\r\n')
    },
    vanish: () => void socket.end(),
    die: () => void socket.resetAndDestroy(),
    answer: () =>
      until('an answer', () => {
        const [, status, text] = /^HTTP\/1\.1 (\d+) [\s\S]*?\r\n\r\n(\{.*\})/.exec(reply) ?? []
        return text !== undefined && { status: Number(status), text }
      }),
  }
}
