import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { onceClosed } from '../async/once-closed.js'
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
  response.req.socket.setKeepAlive(true, KEEP_ALIVE)
  const { socket } = response
  const outlet = socket ?? response
  // A response that waited for its turn drains before Node has counted its bytes as sent.
  const drained = () => process.nextTick(onDrain)
  outlet.on('drain', drained)
  onceClosed(response, () => outlet.off('drain', drained))
  return new ResponseOutlet(response, socket)
}

/** A class: its methods as functions of their own would take half a KiB of each reader. */
class ResponseOutlet implements Outlet {
  readonly chunked: boolean
  readonly #response: ServerResponse
  readonly #to: Socket | ServerResponse
  #taken = -1
  #takenAt = 0

  constructor(response: ServerResponse, socket: Socket | null) {
    this.chunked = socket !== null && response.req.httpVersion === '1.1'
    this.#response = response
    this.#to = socket ?? response
  }

  write(bytes: Buffer): boolean {
    // What `write` returns is stricter and nearly always enough; `hasRoom` costs a tenth of a write.
    return this.#to.write(bytes) || this.hasRoom()
  }

  hasRoom(): boolean {
    return this.#to.writableLength <= HIGH_WATER
  }

  writeText(text: string): void {
    const { chunked } = this
    const length = Buffer.byteLength(text)
    const buffer = takeBuffer(length)
    if (!buffer) {
      this.#to.write(framed(text, chunked))
      return
    }
    const start = chunked ? buffer.write(`${length.toString(16)}\r\n`) : 0
    let end = start + buffer.write(text, start)
    if (chunked) end += buffer.write('\r\n', end)
    // Called when the system has taken it, or is done with it.
    this.#to.write(buffer.subarray(0, end), () => giveBuffer(buffer))
  }

  isDrained(): boolean {
    // Without need of a drain, a little may wait, and there is no call.
    return !this.#to.writableNeedDrain || this.#to.writableLength === 0
  }

  isStalled(now: number): boolean {
    const waiting = this.#to.writableLength
    if (waiting === 0) {
      this.#taken = -1
      return false
    }
    const sent = (this.#response.socket?.bytesWritten ?? 0) - waiting
    if (sent !== this.#taken) {
      this.#taken = sent
      this.#takenAt = now
    }
    return now - this.#takenAt > STALL
  }

  end(): void {
    // After our own bytes Node still writes the terminating chunk and frees the connection.
    this.#response.end()
  }

  destroy(): void {
    this.#response.destroy()
  }
}

/** Text as the bytes of one write. */
export function framed(text: string, chunked: boolean): Buffer {
  if (!chunked) return Buffer.from(text)
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`)
}
