import { type LogStore, READ_BYTES } from '../../logs/store.js'
import type { Sqlite } from '../../sqlite.js'

/** The lists that the archive has of nodes, of each the same one, read as a live one is. */
export type PastLists = Pick<LogStore, 'length' | 'read' | 'readBefore'>

interface List {
  readonly id: number
  readonly length: number
  readonly kept_from: number
}

interface Row {
  readonly idx: number
  readonly body: string
}

/** The same, within the archive's thread. `back` is how many lists of the node are newer. */
export function createPastLists(db: Sqlite) {
  const lists = db.prepare(
    `select id, length, kept_from from lists where node = ? and removed = 0
     order by id desc limit 1 offset ?`,
  )
  const onwards = db.prepare(
    'select idx, body from entries where list = ? and idx >= ? order by idx limit ?',
  )
  const backwards = db.prepare(
    'select idx, body from entries where list = ? and idx between ? and ? order by idx desc limit ?',
  )
  return {
    length: (back: number, nodeId: string) => listOf(back, nodeId)?.length ?? 0,
    read(back: number, nodeId: string, from: number, limit: number): string[] {
      const list = listOf(back, nodeId)
      if (!list) return []
      const rows = onwards.iterate(list.id, Math.max(from, list.kept_from), limit)
      return bounded(rows, { at: from, end: Math.min(list.length, from + limit), step: 1 })
    },
    readBefore(back: number, nodeId: string, to: number, limit: number): string[] {
      const list = listOf(back, nodeId)
      if (!list || to > list.length) return []
      const rows = backwards.iterate(list.id, list.kept_from, to - 1, limit)
      const end = Math.max(-1, to - 1 - limit)
      return bounded(rows, { at: to - 1, end, step: -1 }).reverse()
    },
  }

  function listOf(back: number, nodeId: string): List | undefined {
    return lists.get(nodeId, back) as List | undefined
  }
}

interface Places {
  readonly at: number
  readonly end: number
  readonly step: 1 | -1
}

/** Entries that were removed for lack of room have their places still: as texts that are no entries. */
function bounded(rows: Iterable<unknown>, { at, end, step }: Places): string[] {
  const texts: string[] = []
  let size = 0
  let place = at
  for (const { idx, body } of rows as Iterable<Row>) {
    for (; place !== idx; place += step) texts.push('')
    size += body.length
    if (texts.length > 0 && size > READ_BYTES) return texts
    texts.push(body)
    place += step
  }
  for (; place !== end; place += step) texts.push('')
  return texts
}
