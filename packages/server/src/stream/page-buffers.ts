/**
 * Buffers for the pages of readers that are behind, used again and again. A new one for each page would
 * wait for the collector outside the heap, and twenty slow readers would have 38 MB of them waiting.
 */
const SIZE = 128 * 1024
/** A smaller text would waste most of it, and takes one of its own. */
const SMALLEST = 32 * 1024
/** Those that wait for their next use. */
const KEPT = 16

const free: Buffer[] = []

/** A buffer for so many bytes, with room for a few more; undefined where one of its own is better. */
export function takeBuffer(bytes: number): Buffer | undefined {
  if (bytes < SMALLEST || bytes > SIZE - ROOM) return undefined
  return free.pop() ?? Buffer.allocUnsafeSlow(SIZE)
}

/** Nobody may read it any more. */
export function giveBuffer(buffer: Buffer): void {
  if (free.length < KEPT) free.push(buffer)
}

/** What frames a page takes fewer bytes. */
const ROOM = 32
