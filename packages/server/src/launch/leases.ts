import { sql } from 'kysely'
import { databaseNow } from '../database/clock.js'
import type { Database } from '../database/open.js'
import type { LaunchRow } from './launch-rows.js'
import { createLease, type Lease, type RenewableLease } from './lease.js'

export interface Leases {
  /** Takes up launches that are not over and that nobody runs, and returns them, oldest first. */
  take(which: Which): Promise<{ row: LaunchRow; lease: Lease }[]>
  /** Renews all leases that are held, and returns the states of their launches. */
  renew(): Promise<Pick<LaunchRow, 'launch_id' | 'state'>[]>
  /** Ends a lease, so that the next owner need not wait. A launch that is over has no next owner. */
  letGo(lease: Lease): Promise<void>
}

interface Which {
  /** Only this launch. */
  readonly launchId?: string
  /** Except these, which this process runs already. */
  readonly except?: readonly string[]
  /** Also those leased to this owner: they were the previous process's. */
  readonly own?: boolean
}

export interface LeasesOptions {
  database: Database
  /** The id of this process. No two living processes have the same one. */
  owner: string
  /** The launchers whose launches stay with the owner that they have, where servers share the records. */
  staying?: readonly string[]
  /** The time for which a lease holds without being renewed, in milliseconds. */
  length: number
}

/** The part of its length by which a holder gives a lease up early: timers are late, clocks differ. */
const MARGIN = 0.1

/**
 * Decides who runs a launch, by the database's clock. A holder counts on its own monotonic clock
 * from before it asked, so it has given up by the time another can take over. Only a process that
 * was stopped in between may not know, which is why appends carry the fencing token.
 */
export function createLeases({ database, owner, staying = [], length }: LeasesOptions): Leases {
  const held = new Map<string, RenewableLease>()
  const now = databaseNow(database)
  const until = () => sql<number>`${now} + ${length}`
  return { take, renew, letGo }

  async function take({ launchId, except = [], own = false }: Which) {
    const from = performance.now()
    let query = database
      .updateTable('launches')
      .set((row) => ({ owner, owner_number: row('owner_number', '+', 1), leased_until: until() }))
      // A literal, not a parameter, so that the index of the launches that are not over is used.
      .where('state', '!=', sql.lit('ended'))
      .where((row) =>
        row.or([row('leased_until', '<=', now), ...(own ? [row('owner', '=', owner)] : [])]),
      )
    if (staying.length > 0) {
      query = query.where((row) =>
        row.or([row('launcher', 'not in', staying), row('owner', '=', owner)]),
      )
    }
    if (launchId !== undefined) query = query.where('launch_id', '=', launchId)
    if (except.length > 0) query = query.where('launch_id', 'not in', except)
    const rows = await query.returningAll().execute()
    rows.sort((a, b) => (a.created_at < b.created_at ? -1 : 1))
    return rows.map((row) => {
      const { launch_id: launchId, owner_number: token } = row
      const lease = createLease({ launchId, token, length: length * (1 - MARGIN), from })
      held.set(launchId, lease)
      return { row, lease }
    })
  }

  async function renew() {
    const before = [...held.values()].filter(({ signal }) => !signal.aborted)
    if (before.length === 0) return []
    const from = performance.now()
    const launchIds = before.map(({ launchId }) => launchId)
    const rows = await database
      .updateTable('launches')
      .set({ leased_until: until() })
      .where('owner', '=', owner)
      .where('state', '!=', 'ended')
      .where('launch_id', 'in', launchIds)
      .returning(['launch_id', 'owner_number', 'state'])
      .execute()
    const tokens = new Map(rows.map((row) => [row.launch_id, row.owner_number]))
    for (const lease of before) {
      if (tokens.get(lease.launchId) === lease.token) lease.extend(from)
      else lease.lose()
    }
    return rows
  }

  async function letGo(lease: Lease): Promise<void> {
    if (held.get(lease.launchId) === lease) held.delete(lease.launchId)
    lease.lose()
    await database
      .updateTable('launches')
      .set({ leased_until: 0 })
      .where('launch_id', '=', lease.launchId)
      .where('owner_number', '=', lease.token)
      .execute()
  }
}
