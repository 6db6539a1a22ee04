import { rename } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkOf } from '../../logs/check.js'
import { closeSqlite, openSqlite, type Sqlite } from '../../sqlite.js'
import type { ArchiveDb, ArchiveTransaction } from './archive-db.js'
import { noteBlocks } from './blocks.js'
import { setFact, stateOf } from './facts.js'
import { tokensOf } from './index-words.js'
import { TENTH } from './share.js'
import { COLUMNS, limitAfter, type StoredRow } from './stored-row.js'

export interface ImportOptions {
  db: ArchiveDb
  /** The archive that this server had in a file of its own, before it shared one. */
  file: string
  isStopped: () => boolean
}

export interface Imported {
  /** Entries that were taken in. */
  readonly entries: number
  /** Entries that were not: of nodes that were deleted meanwhile, or that came to the shared archive in part. */
  readonly left: number
}

/** What a file is called whose entries were taken in. */
const SUFFIX = '.imported'

/** Entries that are taken in at once, where they are small. */
const MOST = 500

interface OldList {
  readonly id: number
  readonly node: string
  readonly length: number
  readonly last_check: string
  readonly failed: number
  readonly written_at: number
  readonly kept_from: number
}

/** A list in the shared archive that an old one is, or was made. */
type Place = { readonly id: number } | 'left'

/**
 * Takes an archive's file into the shared archive, once, and gives it another name. The newest entries come first, under
 * numbers below all others, so that a search finds them behind what the servers have taken in since. What another
 * server has brought, or has taken in from the live log, is not taken in again. Undefined where it was stopped; it
 * goes on from there the next time.
 */
export async function importFile({
  db,
  file,
  isStopped,
}: ImportOptions): Promise<Imported | undefined> {
  const old = await openSqlite(file)
  try {
    const lists = await keptLists(db, old)
    const places = new Map<number, Place>()
    let entries = 0
    let limit = 100
    for (let last = Number.MAX_SAFE_INTEGER; !isStopped(); ) {
      const begun = performance.now()
      const rows = readBefore(old, last, limit)
      if (rows.length === 0) {
        const left = await countLeft(db, old, lists, places)
        closeSqlite(old)
        await rename(file, `${file}${SUFFIX}`)
        return { entries, left }
      }
      entries += await db.transaction((transaction) =>
        takeIn(transaction, { old, lists, places, rows }),
      )
      last = rows.at(-1)?.id as number
      limit = limitAfter(rows, MOST)
      await sleep((performance.now() - begun) * TENTH)
    }
    return undefined
  } finally {
    if (old.isOpen) old.close()
  }
}

/** The lists of nodes that are still there: others were deleted while this server was off. */
async function keptLists(db: ArchiveDb, old: Sqlite): Promise<Map<number, OldList>> {
  const lists = old
    .prepare(
      `select id, node, length, last_check, failed, written_at, kept_from
       from lists where removed = 0 and length > 0`,
    )
    .all() as unknown as OldList[]
  const nodes = await db.all<{ node_id: string }>('select node_id from nodes where node_id in ??', [
    ...new Set(lists.map(({ node }) => node)),
  ])
  const known = new Set(nodes.map(({ node_id }) => node_id))
  return new Map(lists.filter(({ node }) => known.has(node)).map((list) => [list.id, list]))
}

function readBefore(old: Sqlite, id: number, limit: number): StoredRow[] {
  return old
    .prepare(`select ${COLUMNS} from entries where id < ? order by id desc limit ?`)
    .all(id, limit) as unknown as StoredRow[]
}

interface Piece {
  readonly old: Sqlite
  readonly lists: ReadonlyMap<number, OldList>
  readonly places: Map<number, Place>
  readonly rows: readonly StoredRow[]
}

async function takeIn(
  db: ArchiveTransaction,
  { old, lists, places, rows }: Piece,
): Promise<number> {
  const kept = new Map<number, { id: number; from: number }>()
  for (const id of new Set(rows.map(({ list }) => list))) {
    const list = lists.get(id)
    if (!list) continue
    const place = places.get(id) ?? (await placeOf(db, old, list))
    places.set(id, place)
    if (place === 'left') continue
    const row = await db.one<{ from: number }>(
      'select kept_from as "from" from {lists} where id = ? and removed = 0',
      place.id,
    )
    if (row) kept.set(id, { id: place.id, from: row.from })
  }
  // What is there already was brought by another server, or by this one before it was stopped.
  const wanted = rows.filter(({ list, idx }) => idx < (kept.get(list)?.from ?? 0))
  if (wanted.length === 0) return 0
  const { earliest: next } = await stateOf(db)
  const stored = wanted.map((row, i) => ({
    ...row,
    id: next - 1 - i,
    list: kept.get(row.list)?.id as number,
  }))
  await db.insertAll('entries', stored)
  await noteBlocks(db, stored)
  const indexed = stored.filter(({ body }) => body !== '')
  await db.insertWords(indexed.map((row) => ({ id: row.id, tokens: tokensOf(row) })))
  await setFact(db, 'earliest', next - stored.length)
  for (const { id } of kept.values()) {
    const own = stored.filter(({ list }) => list === id)
    if (own.length === 0) continue
    await db.run(
      'update {lists} set kept_from = ?, size = size + ? where id = ?',
      Math.min(...own.map(({ idx }) => idx)),
      own.reduce((sum, { body }) => sum + body.length, 0),
      id,
    )
  }
  return stored.length
}

/** The list in the shared archive that is the same as the old one; a new one where there is none. */
async function placeOf(db: ArchiveTransaction, old: Sqlite, list: OldList): Promise<Place> {
  const known = await db.all<Pick<OldList, 'id' | 'length' | 'last_check'>>(
    'select id, length, last_check from {lists} where node = ? and removed = 0',
    list.node,
  )
  for (const { id, length, last_check } of known) {
    const [mine, theirs] =
      length <= list.length
        ? [checkIn(old, list, length - 1), last_check]
        : [list.last_check, await checkAt(db, id, list.length - 1)]
    // Too little is left of one of them to tell.
    if (mine === undefined || theirs === undefined) return 'left'
    if (mine === theirs) return { id }
  }
  const { node, length, last_check, failed, written_at } = list
  const created = await db.one<{ id: number }>(
    `insert into {lists} (id, node, length, last_check, failed, written_at, kept_from)
     values ((select coalesce(min(id), 0) from {lists} where id < 0) - 1, ?, ?, ?, ?, ?, ?)
     returning id`,
    ...[node, length, last_check, failed, written_at, length],
  )
  return created ?? 'left'
}

/** The check of an old list's entry; undefined where that was removed for lack of room. */
function checkIn(
  old: Sqlite,
  { id, length, last_check }: OldList,
  idx: number,
): string | undefined {
  if (idx === length - 1) return last_check
  const row = old
    .prepare('select checked, body from entries where list = ? and idx = ?')
    .get(id, idx)
  return checkOfRow(row as Pick<StoredRow, 'checked' | 'body'> | undefined)
}

async function checkAt(
  db: ArchiveTransaction,
  list: number,
  idx: number,
): Promise<string | undefined> {
  return checkOfRow(
    await db.one<Pick<StoredRow, 'checked' | 'body'>>(
      'select checked, body from {entries} where list = ? and idx = ?',
      ...[list, idx],
    ),
  )
}

function checkOfRow(row: Pick<StoredRow, 'checked' | 'body'> | undefined): string | undefined {
  return row && (row.checked ?? checkOf(row.body))
}

/** The entries that only the file has. */
async function countLeft(
  db: ArchiveDb,
  old: Sqlite,
  lists: ReadonlyMap<number, OldList>,
  places: ReadonlyMap<number, Place>,
): Promise<number> {
  const { count } = old
    .prepare(
      'select count(*) as count from entries where list in (select id from lists where removed = 0)',
    )
    .get() as { count: number }
  let there = 0
  for (const [id, { length, kept_from }] of lists) {
    const place = places.get(id)
    if (place === undefined || place === 'left') continue
    const now = await db.one<{ length: number }>(
      'select length from {lists} where id = ?',
      place.id,
    )
    there += Math.max(0, Math.min(length, now?.length ?? 0) - kept_from)
  }
  return count - there
}
