import type { Readable, Writable } from 'node:stream'

/** Takes whole lines of output. Resolves when it can take more. */
export interface Sink {
  push(lines: Buffer): Promise<void>
}

/** Longer text without a line end is sent in pieces of this length. */
const LONGEST_LINE = 1024 * 1024

/**
 * Shows a stream as it comes, and sends whole lines: standard output and standard error share a log,
 * and a line of one must not be cut by a line of the other.
 */
export async function pass(from: Readable, to: Writable, sink: Sink): Promise<void> {
  const show = showing(to)
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of from as AsyncIterable<Buffer>) {
    await show(chunk)
    const end = Math.max(chunk.lastIndexOf('\n'), chunk.lastIndexOf('\r')) + 1
    const lines = end > 0 ? Buffer.concat([rest, chunk.subarray(0, end)]) : Buffer.alloc(0)
    rest = end > 0 ? chunk.subarray(end) : Buffer.concat([rest, chunk])
    if (lines.length > 0) await sink.push(lines)
    if (rest.length > LONGEST_LINE) {
      await sink.push(rest)
      rest = Buffer.alloc(0)
    }
  }
  if (rest.length > 0) await sink.push(rest)
}

/** Writes as long as somebody reads. A reader that leaves does not end the upload. */
function showing(to: Writable): (chunk: Buffer) => Promise<void> {
  let isRead = true
  let go = () => {}
  to.on('drain', () => go())
  to.on('error', () => {
    isRead = false
    go()
  })
  return async (chunk) => {
    if (!isRead || to.write(chunk)) return
    await new Promise<void>((resolve) => {
      go = resolve
    })
  }
}
