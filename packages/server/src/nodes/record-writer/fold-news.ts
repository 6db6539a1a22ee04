import { setImmediate as nextTurn } from 'node:timers/promises'
import { goesBack } from '@launchtail/client/protocol'
import type { LogStore } from '../../logs/store.js'
import { type Folded, fold, UNFOLDED } from '../fold.js'
import type { NewsReader } from '../launch-events/launch-reader.js'
import { type Listed, type News, readable } from './news.js'

/** Entries that are read from a list at once. */
const PAGE = 500

/** A record and how many entries of its list it includes. */
export interface FoldedList {
  readonly record: Folded
  readonly folded: number
}

interface FoldedInto extends Listed {
  store: Pick<LogStore, 'read' | 'readBefore' | 'length'>
  /** They are called with each entry that is folded. */
  readers: readonly NewsReader[]
}

/** Folds news into a record. Entries that are missing before the news are read from the list. */
export async function foldNews(
  known: FoldedList,
  news: readonly News[],
  listed: FoldedInto,
): Promise<FoldedList> {
  const { nodeId, store, readers } = listed
  let { record, folded } = known
  for (const { index, length, entries } of news) {
    let included = 0
    if (index > folded) {
      for (let at = folded; at < index; ) {
        const missing = await store.read(nodeId, at, Math.min(PAGE, index - at))
        if (missing.length === 0) break
        record = await foldAll(record, at, await readable(missing, at, listed), readers)
        at += missing.length
      }
    } else if (index < folded && (await store.length(nodeId)) >= folded) {
      // `catchUp` has read them already. In a shorter list they would be those of a new list.
      included = folded - index
    } else if (index === 0 && startsAnew(record, entries)) {
      record = { ...UNFOLDED, begun: [...record.begun, 0], events: record.events }
    }
    record = await foldAll(record, index + included, entries.slice(included), readers)
    folded = index + Math.max(length, included)
  }
  return { record, folded }
}

/** Folds in the entries that begin at `index` in the list. */
async function foldAll(
  before: Folded,
  index: number,
  entries: News['entries'],
  readers: readonly NewsReader[],
): Promise<Folded> {
  let record = before
  for (const [i, entry] of entries.entries()) {
    if (entry) {
      record = fold(record, entry, index + i)
      for (const reader of readers) reader.entry(entry, index + i, record)
    }
    // A request may bring 10,000.
    if (i % PAGE === PAGE - 1) await nextTurn()
  }
  return record
}

/** True if a list begins with a launch's beginning, which is not how the known launch went on. */
function startsAnew({ phase }: Folded, entries: News['entries']): boolean {
  const first = entries.find((entry) => entry !== undefined)
  return first !== undefined && goesBack(phase, first.phase)
}
