import type { Transaction } from 'kysely'
import type { Database } from '../database/open.js'
import type { Schema } from '../database/schema.js'
import { keyReused, stillAtWork } from '../errors.js'
import type { Once } from '../nodes/launches.js'

/** For how long an answer is kept under its key, in milliseconds. */
const KEPT = 24 * 3_600_000

/** Stores the answer, in the transaction in which what it promises is stored. */
export type KeepAnswer<T> = (answer: T, transaction: Transaction<Schema>) => Promise<void>

/** Answers that are kept in the records' database, for requests that do not append to a log. */
export interface Replies {
  /**
   * Acts, unless a request with this key did already: then its answer is returned again. `act` has
   * to keep its answer in the transaction that takes effect, so no crash comes between the two.
   */
  once<T extends object>(
    once: Once,
    act: (keep: KeepAnswer<T>) => Promise<T>,
  ): Promise<T & { replayed?: true }>
}

export function createReplies(database: Database, now = () => new Date()): Replies {
  const inProgress = new Set<string>()
  return {
    async once<T extends object>(once: Once, act: (keep: KeepAnswer<T>) => Promise<T>) {
      const { key } = once
      // Before the first wait, so that of two requests at once the second sees the first.
      if (inProgress.has(key)) throw stillAtWork()
      inProgress.add(key)
      try {
        const kept = await find<T>(once)
        if (kept) return kept
        return await act((answer, transaction) => keep(once, answer, transaction)).catch(
          async (error) => {
            // Another process may have acted under this key meanwhile. Then nothing was stored here.
            const quicker = await find<T>(once)
            if (quicker) return quicker
            throw error
          },
        )
      } finally {
        inProgress.delete(key)
      }
    },
  }

  async function find<T>({ key, digest }: Once): Promise<(T & { replayed: true }) | undefined> {
    const kept = await database
      .selectFrom('replies')
      .selectAll()
      .where('key', '=', key)
      .where('expires_at', '>', now().toISOString())
      .executeTakeFirst()
    if (kept && kept.digest !== digest) throw keyReused()
    return kept?.answer ? { ...(JSON.parse(kept.answer) as T), replayed: true } : undefined
  }

  /** Throws if the key was used by another process meanwhile. */
  async function keep(
    { key, digest }: Once,
    answer: object,
    transaction: Transaction<Schema>,
  ): Promise<void> {
    const time = now()
    await transaction.deleteFrom('replies').where('expires_at', '<=', time.toISOString()).execute()
    const expires = new Date(time.getTime() + KEPT).toISOString()
    await transaction
      .insertInto('replies')
      .values({ key, digest, answer: JSON.stringify(answer), expires_at: expires })
      .execute()
  }
}
