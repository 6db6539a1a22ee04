import { LEVELS } from '@launchtail/client/protocol'
import { wordsOf } from '@launchtail/client/query/indexing'
import { readEntry } from '../../logs/entry-text.js'
import { READ_BYTES } from '../../logs/store.js'
import type { ArchiveDb, ArchiveTransaction } from './archive-db.js'
import { setFact, stateOf, WORDS_VERSION } from './facts.js'
import { inPages, type StoredRow } from './stored-row.js'
import { ANY_WORD, launchToken, valueToken } from './tokens.js'

/** The index follows the entries: a search looks through those that it does not have yet. */
export interface WordIndex {
  /** The number of entries that it does not have yet. */
  behind(): Promise<number>
  /** Takes in the next entries, at most `limit`, and fewer where they are large. Returns their number. */
  takeIn(limit: number): Promise<number>
}

export function createWordIndex(db: ArchiveDb): WordIndex {
  return {
    async behind() {
      const { from, to } = await missing()
      return to - from + 1
    },
    async takeIn(limit) {
      const { from, to } = await missing()
      const rows = await someOf(db, { from, to }, limit)
      const reached = rows.at(-1)?.id ?? to
      // Cutting texts takes longest, and holds up nobody who writes.
      const entries = rows
        .filter(({ body }) => body !== '')
        .map((row) => ({ id: row.id, tokens: tokensOf(row) }))
      await db.transaction(async (transaction) => {
        // Another server may have taken them in meanwhile.
        if ((await stateOf(transaction)).indexed !== from - 1) return
        await transaction.insertWords(entries)
        await setFact(transaction, 'indexed', reached)
      })
      return rows.length
    },
  }

  /** It goes on behind holes only when they are filled: it is of all entries up to a number. */
  async function missing(): Promise<{ from: number; to: number }> {
    const { indexed, last, reserved } = await stateOf(db)
    return { from: indexed + 1, to: reserved ? reserved.from - 1 : last }
  }
}

/** Empties the index, which is then built anew from the entries. */
export function forgetWords(db: ArchiveDb): Promise<void> {
  return db.transaction(emptyIndex)
}

export async function emptyIndex(db: ArchiveTransaction): Promise<void> {
  await db.clearWords()
  const { earliest } = await stateOf(db)
  await setFact(db, 'indexed', earliest < 0 ? earliest - 1 : 0)
  await setFact(db, 'words', WORDS_VERSION)
}

/** As many entries as have READ_BYTES of text together, but at least one: a thousand may be 1 KB or 60 MB. */
async function someOf(
  db: ArchiveDb,
  { from, to }: { from: number; to: number },
  limit: number,
): Promise<StoredRow[]> {
  const some: StoredRow[] = []
  let size = 0
  const pages = inPages(db, (last, most) =>
    db.readPage('where id between ? and ? order by id', [last ? last.id + 1 : from, to], most),
  )
  for await (const rows of pages) {
    for (const row of rows) {
      size += row.body.length
      if (some.length > 0 && size > READ_BYTES) return some
      some.push(row)
      if (some.length >= limit) return some
    }
  }
  return some
}

/** All that a search can narrow by, as words for the index. */
export function tokensOf({ list, level, body }: StoredRow): string[] {
  const entry = readEntry(body)
  const words = entry ? wordsOf([entry.message, entry.details ?? '']) : undefined
  const values = [valueToken('level', LEVELS[level] ?? ''), valueToken('phase', entry?.phase ?? '')]
  return [...(words ?? [ANY_WORD]), ...values, launchToken(list)]
}
