import { setImmediate as nextTurn } from 'node:timers/promises'
import { NOT_LAUNCHED, shorten } from '@launchtail/client/protocol'
import { attemptOpenedBy } from '../../logs/attempt-entries.js'
import { readEntry } from '../../logs/entry-text.js'
import { type Context, inContext } from '../../logs/in-context.js'
import type { LogStore } from '../../logs/store.js'
import { conclude } from '../../output/causes/conclude.js'
import { UNKNOWN } from '../../output/causes/index.js'
import { NO_CLUES, observe } from '../../output/causes/tracker.js'
import { peel } from '../../output/peel.js'

/** What whoever launched a node says about the end of its launch. */
export interface Outcome {
  readonly message: string
  readonly details?: string
}

/** Entries that are read from the list at once. */
const PAGE = 200
/** Milliseconds of reading after which other work gets its turn: a list may have 100,000 entries. */
const SLICE = 5
/** How many of the newest entries need not be said again in the details of the failure. */
const NEWEST = 50

/**
 * Explains why a launch ended: the message is the line that shows the first real cause, and the
 * details add advice. The cause is looked for in the stored list, so the explanation does not depend
 * on which process followed the launch.
 */
export async function explain(
  { message: said, details: more }: Outcome,
  { nodeId, store }: { nodeId: string; store: Pick<LogStore, 'read'> },
): Promise<Outcome & { code: string }> {
  let clues = NO_CLUES
  let before: Context = { ...NOT_LAUNCHED, timestamp: '' }
  let since = performance.now()
  const newest: string[] = []
  for (let from = 0; ; ) {
    const texts = await store.read(nodeId, from, PAGE)
    if (texts.length === 0) break
    for (const [i, text] of texts.entries()) {
      if (performance.now() - since > SLICE) {
        await nextTurn()
        since = performance.now()
      }
      const stored = readEntry(text)
      if (!stored) continue
      const entry = inContext(stored, before)
      clues =
        attemptOpenedBy(entry)?.code === undefined ? observe(clues, entry, from + i) : NO_CLUES
      before = entry
      if (newest.push(entry.message.trim()) > NEWEST) newest.shift()
    }
    from += texts.length
  }
  const { cause, advice, message: whole } = conclude(clues, { message: said, details: more })
  const message = shorten(whole)
  const lines = [said, ...(more?.split('\n') ?? [])]
  const details = [
    ...(cause === UNKNOWN ? [] : [`${cause.means} ${advice}`]),
    ...lines.filter((line) => line !== message && !stands(line)),
  ]
  const { code } = cause
  return { message, code, ...(details.length > 0 && { details: details.join('\n') }) }

  /** True for a line that an entry right above the failure shows already. */
  function stands(line: string): boolean {
    return newest.includes(line.trim()) || newest.includes(peel(line).message.trim())
  }
}
