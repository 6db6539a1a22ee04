import { createHash } from 'node:crypto'
import { pulled } from '../../async/pulled.js'
import { HttpError } from '../../errors.js'
import type { ExportFormat, Layout } from './formats.js'

/** Some entries of an export, as they stand in the file. */
export interface Piece {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly count: number
}

/** Where a reader goes on that has lost its connection. */
export interface Resumption {
  /** The number of bytes that it has. */
  readonly offset: number
  /** Their SHA-256 in hex. */
  readonly digest: string
}

export interface ExportBytesOptions {
  pieces: AsyncIterator<Piece>
  format: ExportFormat
  layout: Layout
  isComplete: boolean
  resumption: Resumption | undefined
}

export interface ExportBytes {
  /** What is to be sent. */
  readonly bytes: AsyncIterableIterator<Uint8Array>
  /** How many entries there are so far, and the SHA-256 of all bytes, also of those not sent again. */
  end(): { count: number; digest: string }
}

/**
 * The bytes of an export, with a count and a digest. It is made from its beginning even if only the
 * rest is sent: so it is known that what its reader has is still the beginning of it. Throws 412 if it
 * is not. Resolves with the first bytes at hand, so that a fault can still be an answer.
 */
export async function exportBytes(options: ExportBytesOptions): Promise<ExportBytes> {
  const { pieces, format, layout, isComplete, resumption = NOTHING } = options
  const { offset } = resumption
  const hash = createHash('sha256')
  let size = 0
  let count = 0
  let part: 'head' | 'entries' | 'end' = 'head'
  if (offset === 0 && resumption.digest !== NOTHING.digest) throw changed()
  const first: Uint8Array[] = []
  // Also the first entries, since reading them may fail.
  for (let parts = 0; parts < 2 || size < offset; parts += 1) {
    const given = await next()
    if (given === undefined) break
    if (given.length > 0) first.push(given)
  }
  if (size < offset) throw changed()
  const bytes = pulled(async () => first.shift() ?? next())
  return { bytes, end: () => ({ count, digest: digestSoFar() }) }

  async function next(): Promise<Uint8Array | undefined> {
    if (part === 'end') return undefined
    if (part === 'head') {
      part = 'entries'
      return take(encode(format.head(layout)))
    }
    const piece = await pieces.next()
    if (!piece.done) {
      count += piece.value.count
      return take(piece.value.bytes)
    }
    part = 'end'
    return take(encode(format.tail({ count, digest: digestSoFar(), isComplete }, layout)))
  }

  /** Counts bytes in. Returns those that are to be sent. */
  function take(bytes: Uint8Array): Uint8Array {
    const known = Math.min(bytes.length, Math.max(0, offset - size))
    size += bytes.length
    hash.update(bytes.subarray(0, known))
    if (known > 0 && size >= offset && digestSoFar() !== resumption.digest) throw changed()
    hash.update(bytes.subarray(known))
    return bytes.subarray(known)
  }

  function digestSoFar(): string {
    return hash.copy().digest('hex')
  }
}

const NOTHING: Resumption = { offset: 0, digest: createHash('sha256').digest('hex') }

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function changed(): HttpError {
  return new HttpError(412, 'the export has changed, start it over')
}
