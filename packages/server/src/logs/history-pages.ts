import { ownTurn } from '../async/turns.js'
import { entriesFor } from './entries-for.js'
import type { Source } from './history-source.js'

/** Entries that are looked at before other work gets its turn, and their characters. */
const PAGE = 500
/** A slow reader keeps a page in memory for long. */
const CHARACTERS = 64 * 1024

/** The list is not the one any more that was read from before. */
export class ListChanged extends Error {}

/** What is found from an index on, up to another one. */
export async function* pagesOf<Match>(
  { store, nodeId, find }: Source<Match>,
  { from, to }: { from: number; to: number },
): AsyncGenerator<readonly Match[]> {
  let last: string | undefined
  let atOnce = 16
  for (let at = from; at < to; ) {
    await ownTurn()
    // With the last entry of the page before, to know that the list is still the same.
    const start = last === undefined ? at : at - 1
    const texts = await store.read(nodeId, start, Math.min(atOnce, to - start))
    if (last !== undefined && texts[0] !== last) throw new ListChanged('the list has changed')
    // That one and the next always fit into a read.
    const fresh = start < at ? texts.slice(1) : texts
    if (fresh.length === 0) throw new ListChanged('the list has become shorter')
    yield (await find(fresh, at)).filter((match) => match !== undefined)
    at += fresh.length
    last = fresh.at(-1)
    atOnce = entriesFor(texts, CHARACTERS, PAGE) ?? atOnce
  }
}
