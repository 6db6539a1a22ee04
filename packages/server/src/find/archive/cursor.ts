import type { ArchiveDb } from './archive-db.js'
import { CursorExpired } from './faults.js'

/** Where a search goes on: the number of an entry, and the archive that it is in. */
export function writeCursor({ name }: Pick<ArchiveDb, 'name'>, id: number): string {
  return `${name}-${id < 0 ? id + BELOW_ZERO : id}`
}

/** Added to negative numbers: a cursor has up to 15 digits, and no sign. */
const BELOW_ZERO = 1e15

/** The number in a cursor. Throws CursorExpired for that of another archive. */
export function readCursor(
  { name }: Pick<ArchiveDb, 'name'>,
  cursor: string | undefined,
): number | undefined {
  if (cursor === undefined) return undefined
  if (!cursor.startsWith(`${name}-`)) throw new CursorExpired()
  const id = Number(cursor.slice(name.length + 1))
  return id > BELOW_ZERO / 2 ? id - BELOW_ZERO : id
}
