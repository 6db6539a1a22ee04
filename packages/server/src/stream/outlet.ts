import type { ServerResponse } from 'node:http'
import { giveBuffer, takeBuffer } from './page-buffers.js'

/** The way to a reader's socket, and how much is waiting there. */
export interface Outlet {
  /** True if what is written must bring its own HTTP chunk header: see `framed`. */
  readonly chunked: boolean
  /** True if it may be given more: see `hasRoom`. */
  write(bytes: Buffer): boolean
  /** True if it may be given more. Otherwise `onDrain` is called as soon as it may. */
  hasRoom(): boolean
  /** Writes a text that no other reader is sent. */
  writeText(text: string): void
  /**
   * True if it may be given a page: the system has taken what it was given. Otherwise `onDrain` is
   * called as soon as it has. A page that waits here for long is memory that nobody needs.
   */
  isDrained(): boolean
  /** True if the waiting bytes have not moved for too long, by this call and those before it. */
  isStalled(now: number): boolean
  end(): void
  destroy(): void
}

/** Bytes that may wait for a reader before it is passed over. */
const HIGH_WATER = 256 * 1024
/** Milliseconds a socket may take nothing while bytes wait. */
const STALL = 30_000
/** Milliseconds of silence after which the kernel asks whether the peer is there. */
const KEEP_ALIVE = 10_000

/**
 * Opens the way to a response whose headers are set, and sends them. Bytes are written to the socket
 * itself, which costs half of `response.write`; the caller must frame them. Where an earlier
 * response on the same connection is not done yet (pipelining), the socket is not ours yet, and
 * `response.write` keeps the order.
 */
export function openOutlet(response: ServerResponse, onDrain: () => void): Outlet {
  response.flushHeaders()
  const { socket } = response
  response.req.socket.setKeepAlive(true, KEEP_ALIVE)
  const outlet = socket ?? response
  // A response that waited for its turn drains before Node has counted its bytes as sent.
  const drained = () => process.nextTick(onDrain)
  outlet.on('drain', drained)
  response.on('close', () => outlet.off('drain', drained))
  const hasRoom = () => outlet.writableLength <= HIGH_WATER
  const chunked = socket !== null && response.req.httpVersion === '1.1'
  let taken = -1
  let takenAt = 0
  return {
    chunked,
    // What `write` returns is stricter and nearly always enough; `hasRoom` costs a tenth of a write.
    write: (bytes) => outlet.write(bytes) || hasRoom(),
    hasRoom,
    writeText,
    // Without need of a drain, a little may wait, and there is no call.
    isDrained: () => !outlet.writableNeedDrain || outlet.writableLength === 0,
    isStalled(now) {
      const waiting = outlet.writableLength
      if (waiting === 0) {
        taken = -1
        return false
      }
      const sent = (response.socket?.bytesWritten ?? 0) - waiting
      if (sent !== taken) {
        taken = sent
        takenAt = now
      }
      return now - takenAt > STALL
    },
    // After our own bytes Node still writes the terminating chunk and frees the connection.
    end: () => void response.end(),
    destroy: () => void response.destroy(),
  }

  function writeText(text: string): void {
    const length = Buffer.byteLength(text)
    const buffer = takeBuffer(length)
    if (!buffer) {
      outlet.write(framed(text, chunked))
      return
    }
    const start = chunked ? buffer.write(`${length.toString(16)}\r\n`) : 0
    let end = start + buffer.write(text, start)
    if (chunked) end += buffer.write('\r\n', end)
    // Called when the system has taken it, or is done with it.
    outlet.write(buffer.subarray(0, end), () => giveBuffer(buffer))
  }
}

/** Text as the bytes of one write. */
export function framed(text: string, chunked: boolean): Buffer {
  if (!chunked) return Buffer.from(text)
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`)
}
