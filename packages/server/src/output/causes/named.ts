import type { LogEntry, Phase } from '@launchtail/client/protocol'
import { wordsOf } from '../words.js'
import { lineOf } from './line.js'
import { knownIn } from './rows.js'

/** A line that a person names as the cause, and what the tables know about it. */
export interface NamedLine {
  /** At most 300 characters of it. */
  readonly message: string
  /** Undefined where no row fits. */
  readonly code: string | undefined
  /** Undefined where the usual advice on the code is as good. */
  readonly advice: string | undefined
}

/** Reads a line whose launch failed in `phase`. Whoever names it knows that nothing survived it. */
export function readNamed(entry: LogEntry, phase: Phase): NamedLine {
  const { text, words, error } = lineOf(entry, 0)
  const isLast = entry.phase === 'failed'
  const inPhase = isLast ? phase : entry.phase
  const last = isLast ? ({ last: 'message' } as const) : {}
  const known =
    (error === undefined ? undefined : knownIn(wordsOf(error), inPhase, last)) ??
    knownIn(words, inPhase, last)
  return { message: text, code: known?.row.code, advice: known?.row.advice }
}
