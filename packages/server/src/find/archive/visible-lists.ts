import type { Sqlite } from '../../sqlite.js'

export interface VisibleList {
  readonly node: string
  /** The index of the first entry that is kept. */
  readonly keptFrom: number
}

/** Looks lists up, each once. Undefined for one that was removed and whose entries are still there. */
export function createVisibleLists(db: Sqlite): (list: number) => VisibleList | undefined {
  const statement = db.prepare(
    'select node, kept_from as keptFrom from lists where id = ? and removed = 0',
  )
  const known = new Map<number, VisibleList | undefined>()
  return (list) => {
    if (!known.has(list)) known.set(list, statement.get(list) as VisibleList | undefined)
    return known.get(list)
  }
}
