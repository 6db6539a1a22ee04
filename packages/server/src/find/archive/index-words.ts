import { LEVELS } from '@launchtail/client/protocol'
import { wordsOf } from '@launchtail/client/query/indexing'
import { readEntry } from '../../logs/entry-text.js'
import type { Sqlite } from '../../sqlite.js'
import { ANY_WORD, launchToken, valueToken } from './match-text.js'
import { someOf } from './some-of.js'
import { factOf, lastNumber, setFact, transaction } from './tables.js'

/** The index follows the entries: a search looks through those that it does not have yet. */
export interface WordIndex {
  /** The number of the last entry in the index. */
  indexed(): number
  /** The number of entries that it does not have yet. */
  behind(): number
  /** Takes in the next entries, at most `limit`, and fewer where they are large. Returns their number. */
  takeIn(limit: number): number
}

interface Row {
  readonly id: number
  readonly list: number
  readonly level: number
  readonly body: string
}

export function createWordIndex(db: Sqlite): WordIndex {
  const next = db.prepare(
    'select id, list, level, body from entries where id between ? and ? order by id limit ?',
  )
  const insert = db.prepare('insert into words (rowid, word) values (?, ?)')
  let last = Number(factOf(db, 'indexed') ?? 0)
  return {
    indexed: () => last,
    behind: () => end() - last,
    takeIn(limit) {
      const rows = someOf<Row>(next.iterate(last + 1, end(), limit))
      const reached = rows.at(-1)?.id ?? end()
      transaction(db, () => {
        for (const row of rows) if (row.body !== '') insert.run(row.id, tokensOf(row))
        setFact(db, 'indexed', String(reached))
      })
      last = reached
      return rows.length
    },
  }

  /** It goes on behind holes only when they are filled: it is of all entries up to a number. */
  function end(): number {
    const reserved = factOf(db, 'reserved')
    return reserved === undefined ? lastNumber(db) : Number(reserved) - 1
  }
}

/** All that a search can narrow by, as words for the tokenizer. */
function tokensOf({ list, level, body }: Row): string {
  const entry = readEntry(body)
  const words = entry ? wordsOf([entry.message, entry.details ?? '']) : undefined
  const values = [valueToken('level', LEVELS[level] ?? ''), valueToken('phase', entry?.phase ?? '')]
  return [...(words ?? [ANY_WORD]), ...values, launchToken(list)].join(' ')
}
