import { once } from 'node:events'
import { createServer, connect as dial } from 'node:net'

export interface CuttingProxy {
  readonly url: string
  /** How many connections were cut in the middle of an answer. */
  cuts(): number
  close(): void
}

/**
 * A wire to the server that breaks so many times, each at a random byte of a stream, and then
 * holds. It shortens `retry:`, so that a test does not wait for what others test.
 */
export async function startCuttingProxy(
  upstreamPort: number,
  { times, upTo, random }: { times: number; upTo: number; random: () => number },
): Promise<CuttingProxy> {
  let cuts = 0
  const server = createServer((client) => {
    let left = Number.POSITIVE_INFINITY
    const upstream = dial(upstreamPort, '127.0.0.1')
    client.setNoDelay()
    client.on('data', (bytes) => {
      if (cuts < times && bytes.includes('/logs/stream')) left = Math.ceil(random() * upTo)
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      const through = hurried(bytes).subarray(0, left)
      left -= through.length
      client.write(through)
      if (left > 0 || client.destroyed) return
      cuts += 1
      client.destroySoon()
      upstream.destroy()
    })
    // The end or a fault of one side is the end of the other.
    client.on('error', () => {}).on('close', () => upstream.destroy())
    upstream.on('error', () => {}).on('close', () => client.destroySoon())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}`, cuts: () => cuts, close: () => void server.close() }
}

function hurried(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1')
  return Buffer.from(text.replace(/^retry: \d{4}$/m, 'retry: 0005'), 'latin1')
}
