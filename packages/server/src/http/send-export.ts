import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { HttpError } from '../errors.js'
import {
  type ExportBytes,
  exportBytes,
  type Piece,
  type Resumption,
} from '../find/export/export-bytes.js'
import type { ExportFormat, Layout } from '../find/export/formats.js'
import { endIfStalled } from './connections.js'

export interface SentExport {
  format: ExportFormat
  layout: Layout
  /** The file itself is compressed, not only its way here. */
  gzip: boolean
  /** The file's name without its extension. */
  name: string
  isComplete: boolean
  resumption: Resumption | undefined
  headers: Record<string, string | undefined>
}

/** The headers of an export that are known before its first byte. */
export function exportHeaders({ format, gzip, name, resumption, headers }: SentExport) {
  const file = `${name}.${format.extension}${gzip ? '.gz' : ''}`
  const given = Object.entries(headers).filter(([, value]) => value !== undefined)
  return {
    'Content-Type': gzip ? 'application/gzip' : format.contentType,
    'Content-Disposition': `attachment; filename="${file}"`,
    ...(resumption && { 'Log-Offset': String(resumption.offset) }),
    ...(Object.fromEntries(given) as Record<string, string>),
  }
}

/**
 * Sends an export, a piece whenever its reader has taken the last one. The count and the digest come
 * in HTTP's trailers. An error on the way breaks the connection, so nobody takes a part for the whole.
 */
export async function sendExport(
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  pieces: AsyncIterator<Piece>,
  sent: SentExport,
): Promise<FastifyReply> {
  const whole = await exportBytes({ ...sent, pieces })
  reply.headers(exportHeaders(sent))
  // HTTP/1.0 has neither trailers nor the chunks before them.
  const hasTrailers = request.raw.httpVersion !== '1.0'
  if (hasTrailers) reply.header('Trailer', 'Log-Count, Log-Digest')
  endIfStalled(reply.raw)
  const plain = readableOf(whole, ({ count, digest }) => {
    if (hasTrailers) reply.raw.addTrailers({ 'Log-Count': String(count), 'Log-Digest': digest })
  })
  // Whoever sends it hears of a fault, which ends both.
  return reply.send(sent.gzip ? pipeline(plain, createGzip(), () => {}) : plain)
}

function readableOf(
  { bytes, end }: ExportBytes,
  onEnd: (end: ReturnType<ExportBytes['end']>) => void,
): Readable {
  return new Readable({
    // Nothing is read ahead of the reader.
    highWaterMark: 0,
    read() {
      next().then(
        (piece) => {
          if (piece === null) onEnd(end())
          this.push(piece)
        },
        (error) => this.destroy(error),
      )
    },
  })

  /** Small pieces are sent together. An empty one would be taken for nothing at all. */
  async function next(): Promise<Uint8Array | null> {
    const pieces: Uint8Array[] = []
    let size = 0
    while (size < PIECE) {
      const piece = await bytes.next()
      if (piece.done) break
      pieces.push(piece.value)
      size += piece.value.length
    }
    return size === 0
      ? null
      : pieces.length === 1
        ? (pieces[0] as Uint8Array)
        : Buffer.concat(pieces)
  }
}

/** Bytes at least that are sent together. */
const PIECE = 16 * 1024

/** Reads the headers with which a broken export is resumed. */
export function resumptionIn(
  header: (name: 'Log-Offset' | 'Log-Digest') => string | undefined,
  { gzip }: Pick<SentExport, 'gzip'>,
): Resumption | undefined {
  const [offset, digest] = [header('Log-Offset'), header('Log-Digest')]
  if (offset === undefined && digest === undefined) return undefined
  if (gzip) throw new HttpError(400, "'Log-Offset' and 'gzip' exclude each other")
  if (!/^\d{1,15}$/.test(offset ?? '')) throw new HttpError(400, "invalid 'Log-Offset' header")
  if (!/^[0-9a-f]{64}$/.test(digest ?? '')) throw new HttpError(400, "invalid 'Log-Digest' header")
  return { offset: Number(offset), digest: digest as string }
}
