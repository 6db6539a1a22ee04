import type { Statements } from './archive-db.js'

/**
 * `name` is this archive's own, `words` the version of what counts as a word, `indexed` the last entry in the index,
 * `next` the number of the next one. Where there are holes, `reserved` and `reserved-to` are the first and last number
 * for what is in them. `removals` grows with each node that is taken out.
 * `earliest` is the lowest number of an entry that came from a server's own archive: those are negative.
 */
export type Fact =
  | 'name'
  | 'words'
  | 'indexed'
  | 'next'
  | 'reserved'
  | 'reserved-to'
  | 'removals'
  | 'earliest'

export async function setFact(db: Statements, name: Fact, value: string | number): Promise<void> {
  await db.run(
    `insert into {facts} (name, value) values (?, ?)
     on conflict (name) do update set value = excluded.value`,
    name,
    String(value),
  )
}

/** What the archive is like at one moment. */
export interface ArchiveState {
  /** The number of the last entry in the index: of each one up to it, the index has the words. */
  readonly indexed: number
  /** The number of the last entry there is. */
  readonly last: number
  /** The first and last number that is kept free for what was passed over. */
  readonly reserved: { readonly from: number; readonly to: number } | undefined
  readonly removals: number
  /** The lowest number of an entry, where some came from servers' own archives; else 0. */
  readonly earliest: number
}

export async function stateOf(db: Statements): Promise<ArchiveState> {
  const rows = await db.all<{ name: Fact; value: string }>('select name, value from {facts}')
  const facts = new Map(rows.map(({ name, value }) => [name, value]))
  const numberOf = (name: Fact) => Number(facts.get(name) ?? 0)
  const to = facts.get('reserved-to')
  return {
    indexed: numberOf('indexed'),
    last: Number(facts.get('next') ?? 1) - 1,
    reserved: to === undefined ? undefined : { from: numberOf('reserved'), to: Number(to) },
    removals: numberOf('removals'),
    earliest: numberOf('earliest'),
  }
}

/** It grows with each change of what counts as a word; the index is then built anew. */
export const WORDS_VERSION = '1'
