import type { LogEntry } from '@launchtail/client/protocol'
import { errorIn, placeIn, wasPeeled } from '../details.js'
import { type Peeled, peel } from '../peel.js'
import { wordsOf } from '../words.js'
import { cut } from './evidence.js'

/** An entry as the search for a cause looks at it. */
export interface Line {
  readonly entry: LogEntry
  readonly index: number
  readonly message: string
  readonly words: string
  /** The error that a structured line has beside its words. */
  readonly error: string | undefined
  /** How the line is quoted. */
  readonly text: string
  readonly place: string | undefined
  readonly warning: boolean
  readonly serious: boolean
}

/** How much of a line is looked at. */
const LOOKED_AT = 2000

export function lineOf(entry: LogEntry, index: number): Line {
  const error = errorIn(entry.details)
  const whole = error === undefined ? entry.message : `${entry.message}: ${error}`
  const text = whole.slice(0, LOOKED_AT)
  const place = placeIn(entry.details)
  // An entry that other programs wrote may still have its head.
  const { message, level: own, place: told } = wasPeeled(entry.details) ? bare(text) : peel(text)
  const { level } = entry
  return {
    entry,
    index,
    message,
    words: wordsOf(message),
    error,
    text: cut(whole),
    place: place ?? told.pid,
    warning: level === 'warn' || level === 'debug',
    serious: level === 'error' || (level === 'info' && own === 'error'),
  }
}

function bare(message: string): Pick<Peeled, 'message' | 'level' | 'place'> {
  return { message, level: undefined, place: {} }
}
