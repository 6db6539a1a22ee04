import type { Sqlite } from '../../sqlite.js'

/** The pages of deleted entries, which others on a full disk may need more than this file does. */
export interface FreePages {
  /** Gives some back to the disk. False if there are few left, or the file was made without this. */
  giveBack(): boolean
  /** Empties the write-ahead log. Only then is the file shorter. */
  settle(): void
}

/** Pages that are kept for the next entries: about 1 MiB. */
const KEPT = 256
/** Pages that are given back before other work gets its turn: each may be a move of another page. */
const SLICE = 256

/** The file must have been created with `shrinks`; in older ones, free pages are only used again. */
export function createFreePages(db: Sqlite): FreePages {
  const count = db.prepare('pragma freelist_count')
  return { giveBack, settle }

  function giveBack(): boolean {
    const before = free()
    if (before <= KEPT) return false
    db.exec(`pragma incremental_vacuum(${Math.min(SLICE, before - KEPT)})`)
    const after = free()
    return after < before && after > KEPT
  }

  function free(): number {
    return (count.get() as { freelist_count: number }).freelist_count
  }

  function settle(): void {
    db.exec('pragma wal_checkpoint(truncate)')
  }
}
