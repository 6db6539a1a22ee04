import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'

/** Characters of a piece: small enough for a slow reader to take one within the limit below. */
const PIECE = 16 * 1024
/** Milliseconds in which a reader must take something, as on a stream. */
const STALL = 30_000
const LOOK_EVERY = 1000

/**
 * An answer that is sent as it is made: no more than its reader takes. A reader that takes nothing
 * for 30 s is cut off, and an error on the way breaks the connection, so that nobody takes a part
 * for the whole.
 */
export function answerInPieces(texts: AsyncIterable<string>, response: ServerResponse): Readable {
  const watching = setInterval(look, LOOK_EVERY)
  watching.unref()
  response.on('close', () => clearInterval(watching))
  let taken = -1
  let takenAt = 0
  return Readable.from(pieces(texts), { highWaterMark: 2 })

  function look(): void {
    const { socket } = response
    if (!socket) return
    const sent = socket.bytesWritten - socket.writableLength
    const now = performance.now()
    if (sent !== taken || socket.writableLength === 0) {
      taken = sent
      takenAt = now
    } else if (now - takenAt > STALL) response.destroy()
  }
}

/** Small texts are sent together, and large ones in parts. */
async function* pieces(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let piece = ''
  for await (const text of texts) {
    piece += text
    if (piece.length < PIECE) continue
    for (let at = 0; at < piece.length; ) {
      const end = cutAt(piece, at + PIECE)
      yield piece.slice(at, end)
      at = end
    }
    piece = ''
  }
  if (piece !== '') yield piece
}

/** Not within a surrogate pair: each piece becomes bytes by itself. */
function cutAt(text: string, end: number): number {
  const unit = text.charCodeAt(end - 1)
  return unit >= 0xd800 && unit <= 0xdbff ? end + 1 : end
}
