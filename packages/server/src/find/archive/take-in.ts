import { checkOf } from '../../logs/check.js'
import { readEntry } from '../../logs/entry-text.js'
import type { ArchiveDb, ArchiveTransaction, Grown } from './archive-db.js'
import { inOrder, insertRows, type Row, rowsOf, sizeOf } from './entry-rows.js'
import { setFact, stateOf } from './facts.js'
import { type Hole, reserve } from './holes.js'
import { NOTHING_YET, type Page, type Reached } from './pages.js'
import { newestLists, reachedBy } from './reached.js'

export interface TakeInHow {
  /** Milliseconds since 1970. */
  readonly now: number
  /**
   * The number of removals before the pages were read. Nothing is stored where it has grown: they may be of a
   * node that is gone.
   */
  readonly removals?: number | undefined
}

/**
 * Stores pages of different nodes in one transaction, and tells how far it has each list then. A page that does
 * not continue what is there is not stored: another server, or this one before it was killed, was first. Undefined
 * where none was stored, because a node was removed.
 */
export function takeIn(
  db: ArchiveDb,
  pages: readonly Page[],
  { now, removals }: TakeInHow,
): Promise<Reached[] | undefined> {
  return db.transaction(async (transaction) => {
    const { last, reserved, removals: current } = await stateOf(transaction)
    if (removals !== undefined && removals !== current) return undefined
    return store(transaction, pages, { now, next: last + 1, mayPass: !reserved })
  })
}

async function store(
  db: ArchiveTransaction,
  pages: readonly Page[],
  { now, next, mayPass }: { now: number; next: number; mayPass: boolean },
): Promise<Reached[]> {
  const newest = await newestLists(
    db,
    pages.map(({ nodeId }) => nodeId),
  )
  const rows: Row[][] = []
  const passed: Omit<Hole, 'nodeId'>[] = []
  const grown: Grown[] = []
  const reached: Reached[] = []
  for (const page of pages) {
    const known = newest.get(page.nodeId)
    // Another server may have passed something over meanwhile, and numbers are reserved for one time only.
    const isRefused = !mayPass && page.passedOver !== undefined
    if (isRefused || !continues(page, reachedBy(known))) {
      reached.push(reachedBy(known))
      continue
    }
    const list = isBeginning(page) ? await begin(db, page.nodeId, now) : known
    if (!list) {
      reached.push(NOTHING_YET)
      continue
    }
    const { from, texts, passedOver = 0 } = page
    const added = rowsOf(page, list.id)
    rows.push(added)
    if (passedOver > 0) {
      passed.push({
        ...{ list: list.id, from: from - passedOver, to: from },
        check: checkAt(added[0] as Row),
      })
    }
    const [length, check] = [from + texts.length, checkAt(added.at(-1) as Row)]
    grown.push({
      ...{ id: list.id, length, last_check: check, written_at: now },
      ...{ failed: endOf(added), size: sizeOf(added) },
    })
    reached.push({ length, check })
  }
  if (rows.length > 0) {
    await db.grow(grown)
    await setFact(db, 'next', await insertRows(db, inOrder(rows), await reserve(db, passed, next)))
  }
  return reached
}

function isBeginning({ from, passedOver = 0, previous }: Page): boolean {
  return previous === undefined && from === passedOver
}

/** True if the archive has the node's list as it was when the page was read. */
function continues(page: Page, { length, check }: Reached): boolean {
  if (isBeginning(page)) {
    const { replaces = NOTHING_YET } = page
    return replaces.length === length && replaces.check === check
  }
  const { from, passedOver = 0, previous = '0' } = page
  return from - passedOver === length && previous === check
}

async function begin(db: ArchiveTransaction, nodeId: string, now: number) {
  return db.one<{ id: number }>(
    `insert into {lists} (node, length, last_check, failed, written_at) values (?, 0, '0', 0, ?)
     returning id`,
    ...[nodeId, now],
  )
}

function checkAt({ checked, body }: Row): string {
  return checked ?? checkOf(body)
}

/** 1 where the newest entry ends the launch as failed, and null where nothing is an entry. */
function endOf(rows: readonly Row[]): number | null {
  const last = rows.findLast(({ body }) => body !== '')
  return last ? Number(readEntry(last.body)?.phase === 'failed') : null
}
