import type { Sqlite } from '../../sqlite.js'
import { CursorExpired } from './faults.js'
import { factOf } from './tables.js'

/** Where a search goes on: the number of an entry, and the archive that it is in. */
export function writeCursor(db: Sqlite, id: number): string {
  return `${factOf(db, 'name')}-${id}`
}

/** The number in a cursor. Throws CursorExpired for that of another archive. */
export function readCursor(db: Sqlite, cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined
  const [name, id] = cursor.split('-')
  if (name !== factOf(db, 'name')) throw new CursorExpired()
  return Number(id)
}
