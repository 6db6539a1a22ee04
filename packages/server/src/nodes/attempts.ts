import { type Attempt, type LogEntry, shorten } from '@launchtail/client/protocol'
import { attemptOpenedBy } from '../logs/attempt-entries.js'
import { conclude } from '../output/causes/conclude.js'
import type { Clues } from '../output/causes/tracker.js'

/** An attempt as the list tells of it. Without a place it has the node's. */
export type FoldedAttempt = Omit<Attempt, 'place'> & Partial<Pick<Attempt, 'place'>>

interface Before {
  readonly attempts: readonly FoldedAttempt[]
  readonly phases: readonly { readonly started_at: string }[]
  readonly clues: Clues
}

/** The most that are kept: a job may be preempted for months. */
const MOST = 100

/**
 * A launch's attempts after one more entry. There are none until a second one begins: a launch that is
 * not repeated is told by its record.
 */
export function attemptsAfter(
  before: Before,
  entry: LogEntry,
  index: number,
): readonly FoldedAttempt[] {
  const { attempts } = before
  const opened = attemptOpenedBy(entry)
  const { timestamp } = entry
  if (!opened || opened.number <= (attempts.at(-1)?.number ?? 1)) return attempts
  const started_at = before.phases[0]?.started_at ?? timestamp
  const last = attempts.at(-1) ?? { number: opened.number - 1, started_at }
  const { code = opened.isPreempted ? 'preempted' : undefined, place, left } = opened
  const failure =
    code === undefined
      ? failureBy(before.clues, entry, index)
      : { code, message: shorten(opened.reason?.split('\n')[0] ?? entry.message) }
  const over = { ...(left !== undefined && { place: left }), ...last, ended_at: timestamp, failure }
  const earlier = attempts.slice(0, -1).slice(2 - MOST)
  const next = { number: opened.number, ...(place !== undefined && { place }) }
  return [...earlier, over, { ...next, started_at: timestamp }]
}

/** The attempts of a launch that is over. */
export function attemptsOver(
  attempts: readonly FoldedAttempt[],
  ended_at: string,
  failure: Attempt['failure'],
): readonly FoldedAttempt[] {
  const last = attempts.at(-1)
  if (!last) return attempts
  const { code, message } = failure ?? {}
  const why = code !== undefined && message !== undefined ? { failure: { code, message } } : {}
  return [...attempts.slice(0, -1), { ...last, ended_at, ...why }]
}

function failureBy(clues: Clues, entry: LogEntry, index: number): Attempt['failure'] {
  const { cause, message } = conclude(clues, { ...entry, index })
  return { code: cause.code, message: shorten(message) }
}
