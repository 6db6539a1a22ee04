import { beginsLaunch, type LogEntry } from '@launchtail/client/protocol'
import { type Placed, placeLine } from '../blocks.js'
import { wordsOf } from '../words.js'
import { type Clues, NO_BLOCKS, NO_CLUES, withBlock } from './clues.js'
import { failedRanksIn } from './failed-ranks.js'
import {
  complained,
  deepened,
  found,
  openCandidate,
  replaced,
  started,
  summedUp,
  wrapped,
} from './gather.js'
import { type Line, lineOf } from './line.js'
import { type Known, knownIn } from './rows.js'
import { calmer, survived } from './survived.js'
import { isNoise, sumsUp, wraps } from './wrappers.js'

export { type Clues, NO_CLUES } from './clues.js'

/** Behind a headline, and not its reason. */
const NO_REASON = /^\s*(?:For further information|$)|^\s*\[?(?:stdout|stderr)\]?$|^[│|]\s/

/** A server begins: vLLM's first line, or the banner of its newer versions. */
const STARTS = /^(?:vLLM API server version |\W{1,80}\bversion \d{1,4}\.\d)/

/** The clues with one more entry, whose place in the list is `index`. */
export function observe(before: Clues, entry: LogEntry, index: number): Clues {
  const known = beginsLaunch(before.phase, entry.phase) ? NO_CLUES : before
  const line = lineOf(entry, index)
  const clues = withFailedRanks(survived(known, line), line)
  const { blocks = NO_BLOCKS } = clues
  const key = line.place ?? ''
  const placed = placeLine(blocks[key], line.message, entry.level)
  const next = weigh(clues, line, placed)
  return placed.block === blocks[key] ? next : withBlock(next, key, placed.block)
}

/** Slurm says so of each rank; the first one counts. */
function withFailedRanks(clues: Clues, { words }: Line): Clues {
  if (clues.failedRanks) return clues
  const failedRanks = failedRanksIn(words)
  return failedRanks ? { ...clues, failedRanks } : clues
}

function weigh(clues: Clues, line: Line, { role, block }: Placed): Clues {
  const { words, serious } = line
  if (role === 'header') return announced(clues, line)
  if (role === 'link' || role === 'inside') return clues
  if (words === '') return clues
  if (role === 'none' && STARTS.test(words)) return started(clues, line)
  if (sumsUp(words)) return summedUp(clues, line)
  const opened = role === 'more' ? openCandidate(clues, line) : undefined
  if (opened) return NO_REASON.test(line.message) ? clues : replaced(clues, opened, line)
  const known = knownOf(line)
  if (known?.surety === 'wrapper') return wrapped(clues, line, known.row)
  if (known) return found(clues, line, known, role)
  if (!serious) return calmer(clues, line)
  if (isNoise(words)) return clues
  if (wraps(words)) return wrapped(clues, line)
  if (role === 'more') return clues
  if (role === 'reason' && block?.inTree) return deepened(clues, line)
  return complained(clues, line, role === 'reason')
}

/** What an error beside the words is, says more than the words that announce it. */
function knownOf({ words, error, entry, warning, serious }: Line): Known | undefined {
  const calm = entry.level === 'info' && !serious
  const beside = error && knownIn(wordsOf(error), entry.phase, { warning })
  return beside && beside.surety !== 'wrapper'
    ? beside
    : knownIn(words, entry.phase, { warning, calm })
}

/** What stands before a traceback in its line may say what failed. */
function announced(clues: Clues, line: Line): Clues {
  const known = knownIn(line.words, line.entry.phase, { warning: line.warning })
  if (!known) return clues
  if (known.surety === 'wrapper') return wrapped(clues, line, known.row)
  return found(clues, line, known, 'header')
}
