import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { endIfStalled } from './connections.js'

/** Characters of a piece. */
const PIECE = 16 * 1024

/**
 * An answer that is sent as it is made: no more than its reader takes. An error on the way breaks the
 * connection, so that nobody takes a part for the whole.
 */
export function answerInPieces(texts: AsyncIterable<string>, response: ServerResponse): Readable {
  endIfStalled(response)
  return Readable.from(pieces(texts), { highWaterMark: 2 })
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
