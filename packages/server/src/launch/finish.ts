import type { Draft } from '@launchtail/client/protocol'
import { TERMINATED } from '../logs/entry-text.js'
import { explain } from './explain.js'
import type { Outcome } from './launcher.js'
import { offsetName } from './offset-name.js'
import type { Work } from './work.js'

export const TERMINATED_ENTRY: Draft = { level: 'warn', phase: 'failed', message: TERMINATED }

/** Stores why the launch ended: first in the log, once, and then in its row. */
export async function finish(work: Work, outcome: Outcome, onOver: () => void): Promise<void> {
  const { launch, source, store, appender, row, insist, cancelling, now } = work
  const { nodeId } = launch
  const { message, details } = await insist('explaining the end of', () =>
    explain(outcome, { nodeId, store }),
  )
  const failure: Draft = {
    level: 'error',
    phase: 'failed',
    message,
    ...(details !== undefined && { details }),
  }
  const draft = cancelling.aborted ? TERMINATED_ENTRY : failure
  const offset = { name: offsetName(source, 'end'), from: 0, to: 1 }
  await insist('ending', () => appender.append(nodeId, [draft], { offset }))
  onOver()
  await insist('storing the end of', () =>
    row.update({ state: 'ended', secrets: null, ended_at: now().toISOString() }),
  )
}
