import type { NodeRecord, Phase } from '@launchtail/client/protocol'
import type { Transaction } from 'kysely'
import type { Database } from '../database/open.js'
import type { Schema } from '../database/schema.js'
import type { Finished } from './fold.js'
import type { Durations, Past } from './stall.js'

/** What makes launches alike. */
export type Kind = Pick<NodeRecord, 'provider' | 'gpu' | 'model'>

export interface History {
  /** Keeps how long phases took; in the transaction that takes their ends into the record. */
  add(
    transaction: Transaction<Schema>,
    nodeId: string,
    kind: Kind,
    finished: readonly Finished[],
  ): Promise<void>
  /** The past of launches of this kind: the same in all, then in GPU and provider, then in provider. */
  of(kind: Kind): Promise<Past>
}

/** How many phases are kept, those of some 3,000 launches; and how many are looked at. */
const KEPT = 20_000
const LOOKED_AT = 1000
/** Groups of launches whose past is kept in memory. */
const REMEMBERED = 1000
/** Milliseconds for which it may lack what was added: where launches are many, something always is. */
const OUTDATED = 1000

export function createHistory(database: Database): History {
  const remembered = new Map<string, Promise<Durations>>()
  let added = false
  let clearedAt = Number.NEGATIVE_INFINITY
  return { add, of }

  async function add(
    transaction: Transaction<Schema>,
    nodeId: string,
    { provider, gpu = null, model = null }: { [Key in keyof Kind]: Kind[Key] | null },
    finished: readonly Finished[],
  ): Promise<void> {
    if (!provider || finished.length === 0) return
    const rows = finished.map((one) => ({ node_id: nodeId, ...one, provider, gpu, model }))
    // A record that is made again from its list adds the same rows again.
    await transaction
      .insertInto('phase_history')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    const first = await transaction
      .selectFrom('phase_history')
      .select('ended_at')
      .orderBy('ended_at', 'desc')
      .offset(KEPT)
      .limit(1)
      .executeTakeFirst()
    if (first) {
      await transaction
        .deleteFrom('phase_history')
        .where('ended_at', '<=', first.ended_at)
        .execute()
    }
    added = true
  }

  async function of({ provider, gpu, model }: Kind): Promise<Past> {
    if (provider === undefined) return []
    if (added && performance.now() - clearedAt >= OUTDATED) {
      remembered.clear()
      added = false
      clearedAt = performance.now()
    }
    const groups: Kind[] = [
      ...(gpu !== undefined && model !== undefined ? [{ provider, gpu, model }] : []),
      ...(gpu !== undefined ? [{ provider, gpu }] : []),
      { provider },
    ]
    return Promise.all(groups.map(remember))
  }

  function remember(kind: Kind): Promise<Durations> {
    const key = JSON.stringify([kind.provider, kind.gpu, kind.model])
    const known = remembered.get(key)
    if (known) return known
    const durations = durationsOf(kind)
    if (remembered.size >= REMEMBERED) remembered.clear()
    remembered.set(key, durations)
    // Whoever asks next tries again.
    durations.catch(() => remembered.delete(key))
    return durations
  }

  async function durationsOf(kind: Kind): Promise<Durations> {
    let query = database.selectFrom('phase_history').select(['phase', 'duration_ms'])
    for (const column of ['provider', 'gpu', 'model'] as const) {
      const value = kind[column]
      if (value !== undefined) query = query.where(column, '=', value)
    }
    const rows = await query.orderBy('ended_at', 'desc').limit(LOOKED_AT).execute()
    const durations: Partial<Record<Phase, number[]>> = {}
    for (const { phase, duration_ms } of rows) {
      const list = durations[phase]
      if (list) list.push(duration_ms)
      else durations[phase] = [duration_ms]
    }
    for (const list of Object.values(durations)) list.sort((a, b) => a - b)
    return durations
  }
}
