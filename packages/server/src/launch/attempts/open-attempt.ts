import { existsSync } from 'node:fs'
import { childSignal } from '@launchtail/client/async'
import { pauseFor } from '../../async/retry.js'
import { nextAttemptEntry } from '../../logs/attempt-entries.js'
import type { Launcher } from '../launcher.js'
import { offsetName } from '../offset-name.js'
import type { Work } from '../work.js'
import type { Attempt } from './attempt.js'

export interface OpenAttemptOptions {
  attempt: Attempt
  /** Where it is made, and where the one before was. */
  place: string
  left: string
}

/**
 * Opens a further attempt: says so once, waits, and sees to it that nothing of the one before is left. An
 * attempt whose folder exists may have begun already. Throws where it is not to be made any more.
 */
export async function openAttempt(
  { launch, source, appender, spending, insist, signal, cancelling, now }: Work,
  launcher: Launcher,
  { attempt, place, left }: OpenAttemptOptions,
): Promise<void> {
  const { number, code, message: reason, at } = attempt
  const draft = nextAttemptEntry({ number, place, left, code, reason })
  const offset = { name: offsetName(source, `attempt-${number}`), from: 0, to: 1 }
  await insist('opening an attempt of', () => appender.append(launch.nodeId, [draft], { offset }))
  if (existsSync(launch.folder)) return
  const wanted = childSignal(signal, cancelling)
  try {
    await pauseFor(Math.max(0, at - now().getTime()), wanted.signal)
  } finally {
    wanted.release()
  }
  // All attempts have one name, and what is there under it would be taken up.
  await insist('taking down an attempt of', () => launcher.takeDown(launch.clusterName, signal))
  await insist('storing the end of', () => spending.gone({ before: number }))
  cancelling.throwIfAborted()
}
