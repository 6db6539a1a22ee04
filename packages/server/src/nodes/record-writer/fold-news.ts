import { goesBack } from '@launchtail/client/protocol'
import type { LogStore } from '../../logs/store.js'
import { type Folded, fold, UNFOLDED } from '../fold.js'
import { type News, readable } from './news.js'

/** Entries that are read from a list at once. */
const PAGE = 500

/** A record and how many entries of its list it includes. */
export interface FoldedList {
  readonly record: Folded
  readonly folded: number
}

/** Folds news into a record. Entries that are missing before the news are read from the list. */
export async function foldNews(
  known: FoldedList,
  news: readonly News[],
  { nodeId, store }: { nodeId: string; store: Pick<LogStore, 'read' | 'length'> },
): Promise<FoldedList> {
  let { record, folded } = known
  for (const { index, length, entries } of news) {
    let included = 0
    if (index > folded) {
      for (let at = folded; at < index; ) {
        const missing = await store.read(nodeId, at, Math.min(PAGE, index - at))
        if (missing.length === 0) break
        record = readable(missing).reduce(fold, record)
        at += missing.length
      }
    } else if (index < folded && (await store.length(nodeId)) >= folded) {
      // `catchUp` has read them already. In a shorter list they would be those of a new list.
      included = folded - index
    } else if (index === 0 && startsAnew(record, entries)) {
      record = UNFOLDED
    }
    record = entries.slice(included).reduce(fold, record)
    folded = index + Math.max(length, included)
  }
  return { record, folded }
}

/** True if a list begins with a launch's beginning, which is not how the known launch went on. */
function startsAnew({ phase }: Folded, [first]: News['entries']): boolean {
  return first !== undefined && goesBack(phase, first.phase)
}
