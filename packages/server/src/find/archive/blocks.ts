import type { Sqlite } from '../../sqlite.js'

/** Entries of a block: those that arrive together are of about the same time. */
const BLOCK = 1024

/** Numbers of entries, both included. */
export interface Stretch {
  readonly first: number
  readonly last: number
}

/** Keeps the times of each block, so that a search in time passes over the others. */
export function createBlocks(db: Sqlite) {
  const upsert = db.prepare(
    `insert into blocks (block, first_ts, last_ts) values (?, ?, ?)
     on conflict (block) do update set first_ts = min(first_ts, excluded.first_ts),
     last_ts = max(last_ts, excluded.last_ts)`,
  )
  const added = new Map<number, { first: number; last: number }>()
  return {
    add(id: number, ts: number): void {
      const block = Math.floor(id / BLOCK)
      const { first, last } = added.get(block) ?? { first: ts, last: ts }
      added.set(block, { first: Math.min(first, ts), last: Math.max(last, ts) })
    },
    write(): void {
      for (const [block, { first, last }] of added) upsert.run(block, first, last)
      added.clear()
    },
  }
}

/** More stretches than this cost more than they save. */
const MOST_STRETCHES = 32

/** Where entries of a time may be, in order. */
export function stretchesIn(db: Sqlite, { from, to }: { from: number; to: number }): Stretch[] {
  if (from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY) return [EVERYWHERE]
  const rows = db
    .prepare('select block from blocks where last_ts >= ? and first_ts <= ? order by block')
    .all(bounded(from), bounded(to)) as { block: number }[]
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

const EVERYWHERE: Stretch = { first: 0, last: Number.MAX_SAFE_INTEGER }

/** SQLite's driver takes an infinite number for a real one, and compares it as well. */
function bounded(ms: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, ms))
}
