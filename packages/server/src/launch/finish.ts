import type { Transaction } from 'kysely'
import type { Schema } from '../database/schema.js'
import { TERMINATED_ENTRY } from '../logs/end-entries.js'
import { endEntry } from '../nodes/ends/end-entry.js'
import type { Outcome } from './launcher.js'
import { offsetName } from './offset-name.js'
import type { Work } from './work.js'

/** Stores why the launch ended: first in the log, once, and then in its row. */
export async function finish(
  work: Work,
  { left, kept, terminated = false, ...outcome }: Outcome,
  onOver: () => void,
): Promise<void> {
  const { launch, source, store, appender, row, spending, insist, cancelling, now } = work
  const { nodeId } = launch
  // A termination needs no reason, for which the whole log would be read.
  const status = cancelling.aborted || terminated ? 'terminated' : 'failed'
  const entry = await insist('explaining the end of', () =>
    endEntry({ status, ...outcome }, { nodeId, store }),
  )
  // It may have been asked for meanwhile.
  const draft = cancelling.aborted ? TERMINATED_ENTRY : entry
  const offset = { name: offsetName(source, 'end'), from: 0, to: 1 }
  await insist('ending', () => appender.append(nodeId, [draft], { offset }))
  onOver()
  // Whoever terminates a launch does not want to look into it.
  const isLeft = left || (kept && cancelling.aborted)
  const rest = isLeft ? work.leave : kept ? work.keep : gone
  await insist('storing the end of', () => row.end(now().toISOString(), rest))
  if (rest === work.keep) work.onKept()

  function gone(transaction: Transaction<Schema>): Promise<void> {
    return spending.gone({ transaction })
  }
}
