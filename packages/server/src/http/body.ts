import type { IncomingMessage } from 'node:http'
import { MAX_BATCH_BYTES } from '@launchtail/client/protocol'
import { HttpError } from '../errors.js'
import { singleHeader } from './headers.js'

/** A body that is read as a whole must arrive within this, in milliseconds. */
const BODY_TIMEOUT = 30_000

const MEDIA_TYPE =
  /^([a-z0-9!#$%&'*+.^_`|~-]+\/[a-z0-9!#$%&'*+.^_`|~-]+)\s*(?:;\s*[a-z0-9-]+\s*=\s*(?:"[^"]*"|[^\s;"]+)\s*)*;?$/i

/** Joins words as in `A, B or C`. */
const choice = new Intl.ListFormat('en-GB', { type: 'disjunction' })

/** The request's media type, one of these. Throws 415 for any other, and for an encoded body. */
export function mediaType<T extends string>(request: IncomingMessage, allowed: readonly T[]): T {
  const { 'content-encoding': encoding = 'identity' } = request.headers
  const header = singleHeader(request, 'Content-Type') ?? ''
  if (encoding.toLowerCase() !== 'identity') {
    throw new HttpError(
      415,
      `content encoding ${word(encoding)} is not supported; send the body without one`,
    )
  }
  const type = MEDIA_TYPE.exec(header.trim())?.[1]?.toLowerCase()
  const known = allowed.find((one) => one === type)
  if (known) return known
  throw new HttpError(415, `content type must be ${choice.format(allowed)}`)
}

/**
 * A body as it arrives. If it breaks off, what has arrived is yielded before the error is thrown;
 * the stream by itself would drop it.
 */
export async function* arriving(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* request as AsyncIterable<Buffer>
  } catch (error) {
    for (let rest = request.read(); rest !== null; rest = request.read()) yield rest
    throw error
  }
}

/** Reads a whole body. Throws 413 if it is too large and 408 if it is too slow. */
export async function readBody(request: IncomingMessage, limit = MAX_BATCH_BYTES): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > limit) throw tooLarge(limit)
  const chunks: Buffer[] = []
  let size = 0
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      timer = setTimeout(() => reject(slow()), BODY_TIMEOUT)
      request.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size <= limit) chunks.push(chunk)
        else reject(tooLarge(limit))
      })
      request.on('end', () => resolve(Buffer.concat(chunks)))
      request.on('error', reject)
      request.on('close', () => {
        if (!request.complete)
          reject(new HttpError(400, 'request ended before its body was complete'))
      })
    })
  } finally {
    clearTimeout(timer)
    request.removeAllListeners('data')
  }
}

function slow(): HttpError {
  return new HttpError(408, 'request took too long', { headers: { Connection: 'close' } })
}

function tooLarge(limit: number): HttpError {
  return new HttpError(413, `request has more than ${limit} bytes`)
}

function word(text: string): string {
  return JSON.stringify(text.slice(0, 40))
}
