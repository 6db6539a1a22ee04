import { readEntry } from '../logs/entry-text.js'
import type { LogStore } from '../logs/store.js'
import { UNKNOWN } from '../output/causes/index.js'
import { conclude, NO_CLUES, observe } from '../output/causes/tracker.js'
import type { Outcome } from './launcher.js'

/** How many entries are read from the list at once. */
const PAGE = 1000

/**
 * How a launch ended, in the words of its first real cause, and with what can be done about it. The
 * cause is looked for in the stored list, so it is the same whoever followed the launch up to there.
 */
export async function explain(
  { message: said, details: more }: Outcome,
  { nodeId, store }: { nodeId: string; store: Pick<LogStore, 'read'> },
): Promise<Outcome> {
  let clues = NO_CLUES
  for (let from = 0; ; from += PAGE) {
    const texts = await store.read(nodeId, from, PAGE)
    for (const text of texts) {
      const entry = readEntry(text)
      if (entry) clues = observe(clues, entry)
    }
    if (texts.length < PAGE) break
  }
  const { cause, message } = conclude(clues, { message: said, details: more })
  const details = [
    ...(cause === UNKNOWN ? [] : [`${cause.means} ${cause.advice}`]),
    ...(message === said ? [] : [said]),
    ...(more === undefined ? [] : [more]),
  ]
  return details.length > 0 ? { message, details: details.join('\n') } : { message }
}
