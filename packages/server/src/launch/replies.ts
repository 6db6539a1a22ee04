import type { Database } from '../database/open.js'
import { keyReused, stillAtWork } from '../errors.js'

/** For how long an answer is kept under its key, in milliseconds. */
const KEPT = 24 * 3_600_000

/** Answers that are kept in the records' database, for requests that do not append to a log. */
export interface Replies {
  /** Acts, unless a request with this key did already: then its answer is returned again. */
  once<T extends object>(
    key: string,
    digest: string,
    act: () => Promise<T>,
  ): Promise<{ answer: T; replayed: boolean }>
}

export function createReplies(database: Database, now = () => new Date()): Replies {
  const inProgress = new Set<string>()
  return {
    async once(key, digest, act) {
      // Before the first wait, so that of two requests at once the second sees the first.
      if (inProgress.has(key)) throw stillAtWork()
      inProgress.add(key)
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
        inProgress.delete(key)
      }
    },
  }
}
