import type { NodeRecord, Phase } from '@launchtail/client/protocol'
import type { Transaction } from 'kysely'
import { inPieces } from '../database/in-pieces.js'
import type { Database } from '../database/open.js'
import type { Schema } from '../database/schema.js'
import type { Finished } from './fold.js'
import { keepNewest } from './keep-newest.js'
import type { Durations, Past } from './past.js'

/** Launches that agree in these fields are expected to take about as long. */
export type LaunchKind = Partial<Pick<NodeRecord, 'provider' | 'gpu' | 'model'>>

export interface PhaseHistory {
  /**
   * Keeps how long phases took. Called within the transaction that stores the ends of these phases
   * in the node's record.
   */
  add(
    transaction: Transaction<Schema>,
    nodeId: string,
    kind: LaunchKind,
    finished: readonly Finished[],
  ): Promise<void>
  /**
   * The past of launches of this kind, in up to three groups: those equal in all fields, those with
   * the same GPU and provider, and those with the same provider.
   */
  of(kind: LaunchKind): Promise<Past>
}

/** How many phases are kept, which is some 3,000 launches, and how many of them are read. */
const KEPT = 20_000
const READ = 1000
/** Groups of launches whose past is kept in memory. */
const CACHED = 1000
/** Milliseconds for which the cache may be stale: where launches are many, it always is. */
const STALE = 1000
/** The same where only other servers add to it. */
const STALEST = 30_000

export function createPhaseHistory(database: Database): PhaseHistory {
  const cache = new Map<string, Promise<Durations>>()
  let added = false
  let clearedAt = Number.NEGATIVE_INFINITY
  return { add, of }

  async function add(
    transaction: Transaction<Schema>,
    nodeId: string,
    { provider, gpu = null, model = null }: { [Key in keyof LaunchKind]: LaunchKind[Key] | null },
    finished: readonly Finished[],
  ): Promise<void> {
    if (!provider || finished.length === 0) return
    const rows = finished.map((one) => ({ node_id: nodeId, ...one, provider, gpu, model }))
    // A record that is rebuilt from its list adds the same rows again.
    for (const piece of inPieces(rows)) {
      await transaction
        .insertInto('phase_history')
        .values(piece)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    }
    await keepNewest(transaction, 'phase_history', KEPT)
    added = true
  }

  async function of({ provider, gpu, model }: LaunchKind): Promise<Past> {
    if (!provider) return []
    const age = performance.now() - clearedAt
    if ((added && age >= STALE) || age >= STALEST) {
      cache.clear()
      added = false
      clearedAt = performance.now()
    }
    const groups: LaunchKind[] = [
      ...(gpu && model ? [{ provider, gpu, model }] : []),
      ...(gpu ? [{ provider, gpu }] : []),
      { provider },
    ]
    return Promise.all(groups.map(cached))
  }

  function cached(kind: LaunchKind): Promise<Durations> {
    const key = JSON.stringify([kind.provider, kind.gpu, kind.model])
    const known = cache.get(key)
    if (known) return known
    const durations = readDurations(database, kind)
    if (cache.size >= CACHED) cache.clear()
    cache.set(key, durations)
    // A failed read is not cached: the next caller reads again.
    durations.catch(() => cache.delete(key))
    return durations
  }
}

async function readDurations(database: Database, kind: LaunchKind): Promise<Durations> {
  let query = database.selectFrom('phase_history').select(['phase', 'duration_ms'])
  for (const column of ['provider', 'gpu', 'model'] as const) {
    const value = kind[column]
    if (value !== undefined) query = query.where(column, '=', value)
  }
  const rows = await query.orderBy('ended_at', 'desc').limit(READ).execute()
  const durations: Partial<Record<Phase, number[]>> = {}
  for (const { phase, duration_ms } of rows) {
    const list = durations[phase]
    if (list) list.push(duration_ms)
    else durations[phase] = [duration_ms]
  }
  for (const list of Object.values(durations)) list.sort((a, b) => a - b)
  return durations
}
