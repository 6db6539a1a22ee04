// Looks into an archive's file beside its server.
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'

/** Bytes of the archive, and of its indexes: of words, and of entries by list. */
export function sizesOf(server) {
  return reading(server, (db) => {
    const parts = db.prepare('select name, sum(pgsize) as size from dbstat group by name').all()
    const sum = (some) => some.reduce((total, { size }) => total + size, 0)
    const isTable = ({ name }) => ['entries', 'lists', 'facts'].includes(name)
    return { all: sum(parts), index: sum(parts.filter((part) => !isTable(part))) }
  })
}

/** How many of so many entries are not in the index of words yet. */
export function behindOf(server, entries) {
  return reading(server, (db) => {
    const row = db.prepare("select value from facts where name = 'indexed'").get()
    return Math.max(0, entries - Number(row?.value ?? 0))
  })
}

function reading({ folder }, act) {
  const db = new DatabaseSync(join(folder, 'archive.db'), { readOnly: true })
  try {
    return act(db)
  } finally {
    db.close()
  }
}
