import { createReadStream } from 'node:fs'
import type { Server } from 'node:http'
import { type Socket, SocketAddress } from 'node:net'

/** Where Linux lists its connections. */
const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6']
const LOOK_EVERY = 12_000
/** A peer is gone that has not answered at so many looks in a row: for 12 to 24 seconds. */
const LOOKS = 2

/**
 * Closes connections whose peer has vanished without a word: its machine, or the network to it.
 *
 * A reader that gets only heartbeats would stay for a quarter of an hour. The kernel takes these few
 * bytes, so nothing waits here that could be noticed. It sends them again and again, and sends no
 * keep-alive probe meanwhile. How long it does so cannot be set from Node (`TCP_USER_TIMEOUT`), but
 * Linux lists the connections it does it for. A look costs some 6 ms for a thousand connections,
 * most of it outside the event loop. On other systems nothing is done.
 */
export function closeVanished(server: Server, onClosed = () => {}): void {
  const sockets = new Set<Socket>()
  /** At how many looks in a row bytes were being sent again to each peer. */
  let silent = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', closes)
  })
  const looker = setInterval(() => void look(), LOOK_EVERY)
  looker.unref()
  server.once('close', () => clearInterval(looker))

  /** One function for all: each is kept as long as its connection is open. */
  function closes(this: Socket): void {
    sockets.delete(this)
  }

  async function look(): Promise<void> {
    if (sockets.size === 0) return
    const repeated = new Map<string, number>()
    for (const table of TABLES) {
      for await (const lines of piecesOf(table)) {
        for (const key of repeating(lines)) repeated.set(key, (silent.get(key) ?? 0) + 1)
      }
    }
    silent = repeated
    if (silent.size === 0) return
    for (const socket of sockets) {
      if ((silent.get(keyOf(socket)) ?? 0) < LOOKS || socket.destroyed) continue
      onClosed()
      socket.destroy()
    }
  }
}

/**
 * Whole lines of a table, some 400 at a time. To look through 3 MB of it, with 10,000 readers on the same
 * machine, would hold up everybody for 20 ms.
 */
async function* piecesOf(file: string): AsyncGenerator<string> {
  let rest = ''
  try {
    for await (const piece of createReadStream(file, { encoding: 'latin1' })) {
      const end = piece.lastIndexOf('\n') + 1
      yield rest + piece.slice(0, end)
      rest = piece.slice(end)
    }
  } catch {
    // The system has no such table.
  }
}

/**
 * Established (`01`), with bytes that are not acknowledged and a timer to send them again (`01:`)
 * that has run out three times or more, which is rare on a line that only loses packets:
 * `local remote state queues timer:when retransmits …`.
 */
const REPEATING =
  /^ *\d+: [\dA-F]+:([\dA-F]{4}) ([\dA-F]+):([\dA-F]{4}) 01 [\dA-F:]+ 01:[\dA-F]+ (?!0{7}[0-2])[\dA-F]{8} /gm

function repeating(table: string): string[] {
  return Array.from(table.matchAll(REPEATING), ([, local = '', address = '', port = '']) =>
    keyFrom(Number.parseInt(local, 16), addressFrom(address), Number.parseInt(port, 16)),
  )
}

function keyOf({ localPort, remoteAddress = '', remotePort }: Socket): string {
  return keyFrom(localPort, remoteAddress.replace(/%.*/, ''), remotePort)
}

function keyFrom(local?: number, address?: string, port?: number): string {
  return `${local} ${address} ${port}`
}

/** The address is in words of four bytes, each in the machine's order: last byte first. */
function addressFrom(hex: string): string {
  const words = hex.match(/.{8}/g) ?? []
  const bytes = words.map((word) => Buffer.from(word, 'hex').reverse())
  if (bytes.length === 1) return [...(bytes[0] ?? [])].join('.')
  const groups = Buffer.concat(bytes).toString('hex').match(/.{4}/g) ?? []
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address
}
