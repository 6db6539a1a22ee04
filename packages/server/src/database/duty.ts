import { sql } from 'kysely'
import { databaseNow } from './clock.js'
import type { Database } from './open.js'

/** The right to do something that one server does for all that share the records. */
export interface Duty {
  /** True while it is this server's. */
  isOurs(): boolean
  stop(): Promise<void>
}

/** Of a server that shares its records with nobody. */
export const SOLE_DUTY: Duty = { isOurs: () => true, stop: async () => {} }

export interface DutyOptions {
  database: Database
  name: string
  /** This server's name. */
  owner: string
  onFault: (error: unknown) => void
  /** The length of the lease, in milliseconds. */
  length?: number
}

/** Attempts to get or renew the lease, per length of it. */
const ATTEMPTS = 3
/** The part of its length by which the holder gives it up early: timers are late, clocks differ. */
const MARGIN = 0.1

/** Holds a duty by a lease, if no other server does, and looks for it again and again. */
export async function takeDuty({
  database,
  name,
  owner,
  onFault,
  length = 15_000,
}: DutyOptions): Promise<Duty> {
  const now = databaseNow(database)
  let heldUntil = Number.NEGATIVE_INFINITY
  const attempt = () => take().catch(onFault)
  await attempt()
  const timer = setInterval(attempt, length / ATTEMPTS).unref()
  return {
    isOurs: () => performance.now() < heldUntil,
    async stop() {
      clearInterval(timer)
      heldUntil = Number.NEGATIVE_INFINITY
      await letGo().catch(onFault)
    },
  }

  async function take(): Promise<void> {
    const from = performance.now()
    const leased = { owner, leased_until: sql<number>`${now} + ${length}` }
    const row = await database
      .insertInto('duties')
      .values({ name, ...leased })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet(leased)
          .where(({ or, eb }) =>
            or([eb('duties.owner', '=', owner), eb('duties.leased_until', '<=', now)]),
          ),
      )
      .returning('owner')
      .executeTakeFirst()
    heldUntil = row ? from + length * (1 - MARGIN) : Number.NEGATIVE_INFINITY
  }

  async function letGo(): Promise<void> {
    await database
      .updateTable('duties')
      .set({ leased_until: 0 })
      .where('name', '=', name)
      .where('owner', '=', owner)
      .execute()
  }
}
