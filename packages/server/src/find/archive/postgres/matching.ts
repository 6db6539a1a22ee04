import type { Statements } from '../archive-db.js'
import type { Stretch } from '../stretch.js'

export interface MatchingOptions {
  match: string
  stretch: Stretch
  order: 'asc' | 'desc'
}

/** Entries whose words are looked through at once, in the order of their numbers. */
const WINDOW = 4096
/** Where at least one of so many matches, that is cheaper than the index, which gives them in no order. */
const DENSE = 64
/** Numbers that are taken from the index at first, and at once. */
const FIRST_NUMBERS = 1024
const MOST_NUMBERS = 16_384

/**
 * The numbers of the entries that match. Of a frequent word, a search wants a few of a million; of a rare one, all of a
 * few. What the words are is learnt on the way, because PostgreSQL's own estimate is of some time ago.
 */
export async function* matching(
  db: Statements,
  { match, stretch, order }: MatchingOptions,
): AsyncGenerator<number[], void, undefined> {
  // Windows need somewhere to begin. The last entry is that of the index, always.
  let left = order === 'asc' ? { ...stretch, first: await firstFrom(db, stretch) } : stretch
  let isDense = true
  let most = FIRST_NUMBERS
  while (left.first <= left.last) {
    if (isDense) {
      const window = windowOf(left, order)
      const numbers = await lookThrough(db, match, window, order)
      yield numbers
      isDense = numbers.length * DENSE >= window.last - window.first + 1
      left = behind(left, order === 'desc' ? window.first : window.last, order)
      continue
    }
    const numbers = await askIndex(db, match, left, { order, most })
    yield numbers
    const end = numbers.at(-1)
    if (end === undefined || numbers.length < most) return
    isDense = numbers.length * DENSE >= Math.abs(end - (numbers[0] as number))
    left = behind(left, end, order)
    most = Math.min(MOST_NUMBERS, most * 4)
  }
}

async function firstFrom(db: Statements, { first, last }: Stretch): Promise<number> {
  const row = await db.one<{ id: number | null }>(
    'select min(id) as id from {words} where id >= ?',
    first,
  )
  return row?.id ?? last + 1
}

function windowOf({ first, last }: Stretch, order: 'asc' | 'desc'): Stretch {
  return order === 'desc'
    ? { first: Math.max(first, last - WINDOW + 1), last }
    : { first, last: Math.min(last, first + WINDOW - 1) }
}

function behind({ first, last }: Stretch, id: number, order: 'asc' | 'desc'): Stretch {
  return order === 'desc' ? { first, last: id - 1 } : { first: id + 1, last }
}

/** Without the index: `is true` keeps it from being used. */
async function lookThrough(
  db: Statements,
  match: string,
  { first, last }: Stretch,
  order: 'asc' | 'desc',
): Promise<number[]> {
  const rows = await db.all<{ id: number }>(
    `select id from {words} where id between ? and ? and (words @@ cast(? as tsquery)) is true
     order by id ${order}`,
    ...[first, last, match],
  )
  return rows.map(({ id }) => id)
}

/** With the index: all that match are found before they are sorted. */
async function askIndex(
  db: Statements,
  match: string,
  { first, last }: Stretch,
  { order, most }: { order: 'asc' | 'desc'; most: number },
): Promise<number[]> {
  const rows = await db.all<{ id: number }>(
    `with found as materialized (
       select id from {words} where words @@ cast(? as tsquery) and id between ? and ?)
     select id from found order by id ${order} limit ?`,
    ...[match, first, last, most],
  )
  return rows.map(({ id }) => id)
}
