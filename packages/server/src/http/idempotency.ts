import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Database } from '../database/open.js'
import { HttpError } from '../errors.js'

const KEPT = 24 * 3_600_000

/**
 * The request's `Idempotency-Key`, made one with who asks and for what; undefined where it has
 * none. Hashed: it goes into keys of the storage.
 */
export function idempotencyKey(request: FastifyRequest, path: string): string | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (!/^[\x21-\x7e]{1,255}$/.test(String(key))) {
    throw new HttpError(400, "'Idempotency-Key' must be 1 to 255 visible ASCII characters")
  }
  return sha256(`${request.caller}\n${path}\n${key}`)
}

export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}

export function keyReused(): HttpError {
  return new HttpError(422, "'Idempotency-Key' was used before with another request")
}

export function stillAtWork(): HttpError {
  const headers = { 'Retry-After': '1' }
  return new HttpError(409, 'a request with this Idempotency-Key is still at work', { headers })
}

/** Answers kept in the records' database, for requests that do not append to a log. */
export interface Replies {
  /** Acts, unless a request of this key did already: then its answer is given again. */
  once<T extends object>(
    key: string,
    digest: string,
    act: () => Promise<T>,
  ): Promise<{ answer: T; replayed: boolean }>
}

export function createReplies(database: Database, now = () => new Date()): Replies {
  const atWork = new Set<string>()
  return {
    async once(key, digest, act) {
      // Before anything is waited for: of two at once, the second sees the first.
      if (atWork.has(key)) throw stillAtWork()
      atWork.add(key)
      try {
        const time = now()
        await database.deleteFrom('replies').where('expires_at', '<=', time.toISOString()).execute()
        const kept = await database
          .selectFrom('replies')
          .selectAll()
          .where('key', '=', key)
          .executeTakeFirst()
        if (kept && kept.digest !== digest) throw keyReused()
        if (kept?.answer) return { answer: JSON.parse(kept.answer), replayed: true }
        const answer = await act()
        const expires = new Date(time.getTime() + KEPT).toISOString()
        await database
          .insertInto('replies')
          .values({ key, digest, answer: JSON.stringify(answer), expires_at: expires })
          .execute()
        return { answer, replayed: false }
      } finally {
        atWork.delete(key)
      }
    },
  }
}
