import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pulled } from '../async/pulled.js'
import { endIfStalled } from './connections.js'

/** Characters at least that are sent together. */
const PIECE = 16 * 1024

/** An answer's text, of which the pages are read and written one by one. */
export interface PagedText<Page> {
  readonly head: string
  readonly body: (page: Page) => string
  readonly tail: () => string
}

export function textOfPages<Page>(
  pages: AsyncIterable<Page>,
  { head, body, tail }: PagedText<Page>,
): AsyncIterable<string> {
  const source = pages[Symbol.asyncIterator]()
  let part: 'head' | 'body' | 'end' = 'head'
  return pulled(async () => {
    if (part === 'end') return undefined
    if (part === 'head') {
      part = 'body'
      return head
    }
    const page = await source.next()
    if (!page.done) return body(page.value)
    part = 'end'
    return tail()
  })
}

/**
 * An answer that is made as it is sent: the next page is read when its reader has taken the last one. An
 * error on the way breaks the connection, so that nobody takes a part for the whole.
 */
export function answerInPieces(texts: AsyncIterable<string>, response: ServerResponse): Readable {
  endIfStalled(response)
  const source = texts[Symbol.asyncIterator]()
  return new Readable({
    highWaterMark: 0,
    read() {
      nextPiece(source).then(
        (bytes) => this.push(bytes),
        (error) => this.destroy(error),
      )
    },
    destroy(error, destroyed) {
      // Its reader has left, or all is sent: the source may have something to let go of.
      Promise.resolve(source.return?.()).then(
        () => destroyed(error),
        (fault) => destroyed(error ?? fault),
      )
    },
  })
}

/** Small texts are sent together. */
async function nextPiece(source: AsyncIterator<string>): Promise<Buffer | null> {
  let piece = ''
  while (piece.length < PIECE) {
    const text = await source.next()
    if (text.done) break
    piece += text.value
  }
  return piece === '' ? null : Buffer.from(piece)
}
