import { type Rounds, startRounds } from '../../async/rounds.js'
import type { Database } from '../../database/open.js'
import type { Row } from '../rows.js'
import { unattendedBetween } from './unattended.js'

export interface LooksOptions {
  database: Database
  /** For how many milliseconds nobody may have looked at a node that runs. */
  after: number
  now?: () => Date
  onFault: (message: string, error: unknown) => void
  /** Called when a node is unattended, or is not any more. */
  onChange: (nodeId: string) => void
  /** Milliseconds between two rounds. */
  every?: number
}

/** Who looks at nodes, opening them by name. What runs with nobody looking is unattended. */
export interface Looks {
  /** Somebody looks at a node. It is cheap, and stored once an hour at most. */
  seen(nodeId: string): void
  /** True for a node of ours that runs, and that nobody has looked at for so long. */
  isUnattended(row: LookedAtRow): boolean
  /** The time before which nobody may have looked at a node that is unattended. */
  since(): Date
  /** Stores what was not stored yet. */
  flush(): Promise<void>
  stop(): Promise<void>
}

export type LookedAtRow = Pick<
  Row,
  'node_id' | 'status' | 'own_launch' | 'created_at' | 'looked_at'
>

const EVERY = 60_000
const STORED_EVERY = 3_600_000

interface Look {
  /** Milliseconds since 1970. */
  at: number
  storedAt: number
}

export function createLooks(options: LooksOptions): Looks {
  const { database, after, now = () => new Date(), onFault, onChange, every = EVERY } = options
  const latest = new Map<string, Look>()
  let checked = now().getTime()
  const rounds: Rounds = startRounds(look, {
    every,
    onFault: (error) => onFault('storing who looks at nodes', error),
  })
  return {
    seen,
    isUnattended,
    since: () => new Date(now().getTime() - after),
    flush: () => store(({ at, storedAt }) => at > storedAt),
    async stop() {
      await rounds.stop()
      await store(({ at, storedAt }) => at > storedAt).catch((error) => {
        onFault('storing who looks at nodes', error)
      })
    },
  }

  function seen(nodeId: string): void {
    const at = now().getTime()
    const known = latest.get(nodeId)
    if (known) known.at = at
    else latest.set(nodeId, { at, storedAt: Number.NEGATIVE_INFINITY })
  }

  function isUnattended({ node_id, status, own_launch, ...row }: LookedAtRow): boolean {
    if (own_launch === null || (status !== 'active' && status !== 'launching')) return false
    const seenAt = latest.get(node_id)?.at ?? 0
    const stored = Date.parse(row.looked_at ?? row.created_at)
    return now().getTime() - Math.max(seenAt, stored, Date.parse(row.created_at)) > after
  }

  /** Stores looks that are due, and tells of the nodes that have become unattended since the last round. */
  async function look(): Promise<void> {
    await store(({ at, storedAt }) => at > storedAt && now().getTime() - storedAt >= STORED_EVERY)
    const time = now().getTime()
    const [from, to] = [checked - after, time - after]
    checked = time
    for (const nodeId of await unattendedBetween(database, new Date(from), new Date(to))) {
      onChange(nodeId)
    }
    for (const [nodeId, { at }] of latest) if (time - at > after) latest.delete(nodeId)
  }

  async function store(isDue: (look: Look) => boolean): Promise<void> {
    const due = [...latest].filter(([, one]) => isDue(one))
    if (due.length === 0) return
    const changed: string[] = []
    await database.transaction().execute(async (transaction) => {
      for (const [nodeId, { at, storedAt }] of due) {
        const looked_at = new Date(at).toISOString()
        const { numUpdatedRows } = await transaction
          .updateTable('nodes')
          .set({ looked_at })
          .where('node_id', '=', nodeId)
          .executeTakeFirstOrThrow()
        if (numUpdatedRows > 0n && storedAt === Number.NEGATIVE_INFINITY) changed.push(nodeId)
      }
    })
    for (const [, one] of due) one.storedAt = one.at
    // Whoever had it listed as unattended is told; for the others nothing changes.
    for (const nodeId of changed) onChange(nodeId)
  }
}
