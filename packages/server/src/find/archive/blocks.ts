import type { ArchiveTransaction, Statements } from './archive-db.js'
import { EVERYWHERE, type Stretch } from './stretch.js'

/** Entries of a block: those that arrive together are of about the same time. */
const BLOCK = 1024

/** Keeps the times of each block, so that a search in time passes over the others. */
export async function noteBlocks(
  db: ArchiveTransaction,
  entries: readonly { readonly id: number; readonly ts: number }[],
): Promise<void> {
  const times = new Map<number, { first: number; last: number }>()
  for (const { id, ts } of entries) {
    const block = Math.floor(id / BLOCK)
    const { first, last } = times.get(block) ?? { first: ts, last: ts }
    times.set(block, { first: Math.min(first, ts), last: Math.max(last, ts) })
  }
  for (const [block, { first, last }] of times) {
    await db.run(
      `insert into {blocks} as known (block, first_ts, last_ts) values (?, ?, ?)
       on conflict (block) do update set
         first_ts = case when excluded.first_ts < known.first_ts then excluded.first_ts
                         else known.first_ts end,
         last_ts = case when excluded.last_ts > known.last_ts then excluded.last_ts
                        else known.last_ts end`,
      ...[block, first, last],
    )
  }
}

/** More stretches than this cost more than they save. */
const MOST_STRETCHES = 32

/** Where entries of a time may be, in order. */
export async function stretchesIn(
  db: Statements,
  { from, to }: { from: number; to: number },
): Promise<Stretch[]> {
  if (from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY) return [EVERYWHERE]
  const rows = await db.all<{ block: number }>(
    'select block from {blocks} where last_ts >= ? and first_ts <= ? order by block',
    ...[bounded(from), bounded(to)],
  )
  const stretches: Stretch[] = []
  for (const { block } of rows) {
    const before = stretches.at(-1)
    const last = (block + 1) * BLOCK - 1
    if (before && before.last + 1 === block * BLOCK) {
      stretches.splice(-1, 1, { first: before.first, last })
    } else stretches.push({ first: block * BLOCK, last })
  }
  const [first] = stretches
  if (!first || stretches.length <= MOST_STRETCHES) return stretches
  return [{ first: first.first, last: (stretches.at(-1) as Stretch).last }]
}

/** A database takes an infinite number for a real one. */
function bounded(ms: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, ms))
}
