import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

/**
 * Below the ports that systems give to outgoing connections and to programs that ask for any port (Linux
 * from 32768, others from 49152). A model loads for minutes before its server listens, and a stranger
 * that got the port meanwhile would answer the probe in its place.
 */
const FIRST_PORT = 20_000
export const LAST_PORT = 32_767
const TRIES = 200

/** A port that nobody listens on, and that no other caller on this machine gets while this process lives. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1)
    const release = await reserve(port)
    if (!release) continue
    if (await isFree(port)) return port
    release()
  }
  throw new Error(`no free port was found between ${FIRST_PORT} and ${LAST_PORT}`)
}

/** True if it can be listened on. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    // Without `exclusive`, a worker would share the port with others that try it, and find it free.
    const address = { host: '127.0.0.1', port, exclusive: true }
    server.listen(address, () => server.close(() => resolve(true)))
  })
}

/** Holds the UDP port of that number as a sign to other callers. The TCP port stays free for the server. */
function reserve(port: number): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => resolve(undefined))
    socket.bind({ address: '127.0.0.1', port, exclusive: true }, () => {
      socket.unref()
      resolve(() => socket.close())
    })
  })
}
