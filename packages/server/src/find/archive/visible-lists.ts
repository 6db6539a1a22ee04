import type { Statements } from './archive-db.js'

export interface VisibleList {
  readonly node: string
  /** The index of the first entry that is kept. */
  readonly keptFrom: number
}

/** Looks lists up, each once. One that was removed, and whose entries are still there, is not among them. */
export function createVisibleLists(db: Statements) {
  const known = new Map<number, VisibleList>()
  const asked = new Set<number>()
  return {
    get: (list: number) => known.get(list),
    async lookUp(lists: Iterable<number>): Promise<void> {
      const unknown = [...new Set(lists)].filter((list) => !asked.has(list))
      if (unknown.length === 0) return
      const rows = await db.all<VisibleList & { id: number }>(
        `select id, node, kept_from as "keptFrom" from {lists} where removed = 0 and id in ??`,
        unknown,
      )
      for (const list of unknown) asked.add(list)
      for (const row of rows) known.set(row.id, row)
    },
  }
}
