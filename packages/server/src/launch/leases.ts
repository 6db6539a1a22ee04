import { type Selectable, sql } from 'kysely'
import { databaseNow } from '../database/clock.js'
import type { Database } from '../database/open.js'
import type { LaunchesTable } from '../database/schema.js'

export type LaunchRow = Selectable<LaunchesTable>

/** The right to run a launch, for as long as it is renewed. */
export interface Lease {
  readonly launchId: string
  /** The fencing token: greater than that of every earlier owner of the launch. */
  readonly token: number
  /** Aborts as soon as the launch is another's, or may be. */
  readonly signal: AbortSignal
  /** For who learns elsewhere that there is another owner. */
  lose(): void
}

export interface Leases {
  /** Takes up launches that are not over and nobody runs, and tells them in the order of their age. */
  take(which: Which): Promise<{ row: LaunchRow; lease: Lease }[]>
  /** Renews all leases that are held; tells how their launches stand. */
  renew(): Promise<Pick<LaunchRow, 'launch_id' | 'state'>[]>
  /** Ends a lease, so that the next owner need not wait. A launch that is over is nobody's any more. */
  letGo(lease: Lease): Promise<void>
}

interface Which {
  /** Only this one. */
  readonly launchId?: string
  /** Except these, which this process runs already. */
  readonly except?: readonly string[]
  /** Those too that are leased to this very name: by a process that is gone. */
  readonly own?: boolean
}

export interface LeasesOptions {
  database: Database
  /** Who takes them. No two living processes have the same name. */
  owner: string
  /** How long a lease holds without being renewed, in milliseconds. */
  length: number
}

/** How much sooner than the database a holder gives a lease up: timers are late, clocks differ. */
const MARGIN = 0.1

/**
 * Who runs a launch, by the database's clock and word. A holder counts on its own monotonic clock
 * from before it asked, so it has given up by the time another can take over; only a process that
 * was stopped in between may not know, which is why appends carry the fencing token.
 */
export function createLeases({ database, owner, length }: LeasesOptions): Leases {
  const held = new Map<string, Held>()
  const until = () => sql<number>`${databaseNow} + ${length}`
  return { take, renew, letGo }

  async function take({ launchId, except = [], own = false }: Which) {
    const asked = performance.now()
    let query = database
      .updateTable('launches')
      .set((row) => ({ owner, owner_number: row('owner_number', '+', 1), leased_until: until() }))
      // Written out, so that the index of those that are not over serves.
      .where('state', '!=', sql.lit('ended'))
      .where((row) =>
        row.or([
          row('leased_until', '<=', databaseNow),
          ...(own ? [row('owner', '=', owner)] : []),
        ]),
      )
    if (launchId !== undefined) query = query.where('launch_id', '=', launchId)
    if (except.length > 0) query = query.where('launch_id', 'not in', except)
    const rows = await query.returningAll().execute()
    rows.sort((a, b) => (a.created_at < b.created_at ? -1 : 1))
    return rows.map((row) => {
      const lease = hold(row.launch_id, row.owner_number, length * (1 - MARGIN), asked)
      held.set(lease.launchId, lease)
      return { row, lease }
    })
  }

  async function renew() {
    const before = [...held.values()].filter(({ signal }) => !signal.aborted)
    if (before.length === 0) return []
    const asked = performance.now()
    const rows = await database
      .updateTable('launches')
      .set({ leased_until: until() })
      .where('owner', '=', owner)
      .where('state', '!=', 'ended')
      .where(
        'launch_id',
        'in',
        before.map((lease) => lease.launchId),
      )
      .returning(['launch_id', 'owner_number', 'state'])
      .execute()
    const tokens = new Map(rows.map((row) => [row.launch_id, row.owner_number]))
    for (const lease of before) {
      if (tokens.get(lease.launchId) === lease.token) lease.extend(asked)
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

interface Held extends Lease {
  extend(from: number): void
}

function hold(launchId: string, token: number, length: number, from: number): Held {
  const lost = new AbortController()
  let timer: NodeJS.Timeout
  extend(from)
  return { launchId, token, signal: lost.signal, lose, extend }

  function lose(): void {
    clearTimeout(timer)
    lost.abort(new Error(`the lease of launch ${launchId} is lost`))
  }

  function extend(from: number): void {
    clearTimeout(timer)
    // What has aborted stays so: the launch is taken up anew.
    if (!lost.signal.aborted) timer = setTimeout(lose, from + length - performance.now()).unref()
  }
}
