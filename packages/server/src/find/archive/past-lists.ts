import { type LogStore, READ_BYTES } from '../../logs/store.js'
import type { ArchiveDb } from './archive-db.js'
import { inPages, type StoredRow } from './stored-row.js'

/** The lists that the archive has of nodes, of each the same one, read as a live one is. */
export type PastLists = Pick<LogStore, 'length' | 'read' | 'readBefore'>

interface List {
  readonly id: number
  readonly length: number
  readonly kept_from: number
}

/** The same, within the archive's thread. `back` is how many lists of the node are newer. */
export function createPastLists(db: ArchiveDb) {
  return {
    length: async (back: number, nodeId: string) => (await listOf(back, nodeId))?.length ?? 0,
    async read(back: number, nodeId: string, from: number, limit: number): Promise<string[]> {
      const list = await listOf(back, nodeId)
      if (!list || limit <= 0) return []
      const rows = inPages(db, (last, most) =>
        db.readPage(
          'where list = ? and idx >= ? order by idx',
          [list.id, last ? last.idx + 1 : Math.max(from, list.kept_from)],
          Math.min(most, limit),
        ),
      )
      return bounded(rows, { at: from, end: Math.min(list.length, from + limit), step: 1 })
    },
    async readBefore(back: number, nodeId: string, to: number, limit: number): Promise<string[]> {
      const list = await listOf(back, nodeId)
      if (!list || to > list.length || limit <= 0) return []
      const rows = inPages(db, (last, most) =>
        db.readPage(
          'where list = ? and idx between ? and ? order by idx desc',
          [list.id, list.kept_from, last ? last.idx - 1 : to - 1],
          Math.min(most, limit),
        ),
      )
      const end = Math.max(-1, to - 1 - limit)
      return (await bounded(rows, { at: to - 1, end, step: -1 })).reverse()
    },
  }

  function listOf(back: number, nodeId: string): Promise<List | undefined> {
    return db.one<List>(
      `select id, length, kept_from from {lists} where node = ? and removed = 0
       order by id desc limit 1 offset ?`,
      ...[nodeId, back],
    )
  }
}

interface Places {
  readonly at: number
  readonly end: number
  readonly step: 1 | -1
}

/** Entries that were removed for lack of room have their places still: as texts that are no entries. */
async function bounded(
  pages: AsyncIterable<readonly StoredRow[]>,
  { at, end, step }: Places,
): Promise<string[]> {
  const texts: string[] = []
  let size = 0
  let place = at
  for await (const rows of pages) {
    for (const { idx, body } of rows) {
      for (; place !== idx && place !== end; place += step) texts.push('')
      if (place === end) return texts
      size += body.length
      if (texts.length > 0 && size > READ_BYTES) return texts
      texts.push(body)
      place += step
      if (place === end) return texts
    }
  }
  for (; place !== end; place += step) texts.push('')
  return texts
}
