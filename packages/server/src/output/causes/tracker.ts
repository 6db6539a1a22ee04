import { beginsLaunch, type LogEntry, type Phase, phaseOrder } from '@launchtail/client/protocol'
import { readHeading } from '../interpret/levels.js'
import { withoutPrefix } from '../interpret/prefix.js'
import { CAUSES, type Cause, causeOf } from './index.js'

/** What the entries of a launch have told of why it may fail. JSON, and of bounded size. */
export interface Clues {
  readonly phase: Phase
  readonly progress: number
  /** The line that tells most. */
  readonly best?: Clue
  /** Something failed, says a line that does not say what. */
  readonly wrapper?: Clue
  /** In the first traceback: before its exception, or right behind it. */
  readonly traceback?: 'open' | 'told'
  /** A server has begun; if one begins again, the first has failed. */
  readonly started?: true
  /** What comes now only repeats it. */
  readonly settled?: true
}

interface Clue {
  readonly rank: number
  /** Not where only an exception is known, of which no row tells. */
  readonly code?: string
  readonly message: string
  readonly phase: Phase
  /** Which of several nodes said so. */
  readonly place?: string
}

export interface Verdict {
  readonly cause: Cause
  /** The line that says so; where there is none, the last word's own message. */
  readonly message: string
}

export const NO_CLUES: Clues = { phase: 'queued', progress: 0 }

/** How much a line tells: the first of the highest rank is the cause. */
const CERTAIN = 4
const LIKELY = 3
const EXCEPTION = 2
const COMPLAINT = 1
const WRAPPER = 0

/** How much of a line is looked at, and how much of it is kept. */
const LOOKED_AT = 2000
/** How many lines of the last word's details are looked at: the output's last lines may follow. */
const LAST_WORDS = 8

/** A server begins: vLLM's first line, or the banner of its newer versions. */
const STARTS = /^(?:vLLM API server version |\W{1,80}\bversion \d{1,4}\.\d)/

/** It stands for what was said before it. */
const SEE_ABOVE = /^(?:RuntimeError: )?Engine (?:core initialization|process) failed\b/

const TRACEBACK = /^Traceback \(most recent call last\)/

const EXCEPTIONS =
  /^(?:[A-Za-z_]\w{0,63}\.){0,12}[A-Z]\w{0,63}(?:Error|Exception|Interrupt|Exit|Failure)(?:\([\w.]{1,80}\))?(?:: |:?$)/

const COMPLAINTS =
  /^\s{0,8}(?:\S{1,100}: )?(?:error|fatal|ERROR|E): (?!pip's dependency resolver )\S/

/** The clues with one more entry. */
export function observe(known: Clues, entry: LogEntry): Clues {
  const clues = survived(beginsLaunch(known.phase, entry.phase) ? NO_CLUES : known, entry)
  const { level } = entry
  if (level === 'debug') return clues
  const { message, words, level: own } = read(entry.message)
  const serious = level === 'error' || (level === 'info' && own === 'error')

  if (TRACEBACK.test(words)) {
    const first = (clues.best?.rank ?? WRAPPER) < EXCEPTION && !clues.settled
    return serious && first ? { ...clues, traceback: 'open' } : closed(clues)
  }
  // Frames and the code they quote, which may say anything.
  if (clues.traceback === 'open' && /^(?:\s|$)/.test(message)) return clues
  if (STARTS.test(words)) return started(clues, entry)
  if (SEE_ABOVE.test(words)) return clues.best ? { ...closed(clues), settled: true } : closed(clues)

  const clue = clueOf(words, entry, { warning: level === 'warn' })
  if (clue?.rank === WRAPPER) return { ...closed(clues), wrapper: clues.wrapper ?? clue }
  if (clue) return better(clues, clue)
  if (EXCEPTIONS.test(words) && (serious || clues.traceback)) return excepted(clues, entry)
  if (serious && entry.phase === 'installing' && COMPLAINTS.test(message)) {
    return better(clues, { rank: COMPLAINT, ...said(entry) })
  }
  return /^\s/.test(message) ? clues : closed(clues)
}

/** Why a launch failed, with the last word on it. */
export function conclude(
  { best, wrapper, phase, settled }: Clues,
  { message, details = '' }: { message: string; details?: string | undefined },
): Verdict {
  const lines = [message, ...details.split('\n', LAST_WORDS)]
  const told = lines
    .map((line, i) =>
      clueOf(read(line).words, { message: line, phase }, { last: i === 0 ? 'message' : 'details' }),
    )
    .reduce((most, clue) => ((clue?.rank ?? -1) > (most?.rank ?? -1) ? clue : most), undefined)
  const found = told && told.rank > WRAPPER ? told : undefined
  if (best && (settled || best.rank >= (found?.rank ?? WRAPPER))) {
    const code = best.code ?? wrapper?.code ?? told?.code
    return { cause: causeOf(code), message: best.message }
  }
  if (found) return { cause: causeOf(found.code), message: found.message }
  // What a known tool says of the failure is worth more than words that fit no row.
  if (wrapper) return { cause: causeOf(wrapper.code), message: told ? message : wrapper.message }
  return { cause: causeOf(told?.code), message }
}

function read(text: string) {
  return readHeading(withoutPrefix(text.slice(0, LOOKED_AT)).text)
}

/**
 * What a line says by the table. A warning is never certain; only a last word ends a launch, and in
 * its details, where output is quoted too, it only tells that something else did.
 */
function clueOf(
  words: string,
  entry: Pick<LogEntry, 'message' | 'phase' | 'details'>,
  { warning = false, last }: { warning?: boolean; last?: 'message' | 'details' },
): Clue | undefined {
  if (!ANY.some((any) => any.test(words))) return undefined
  const row = ROWS.find(
    ({ rank, when, cause }) =>
      (!warning || rank !== CERTAIN) &&
      (!cause.last || last === 'message' || (last === 'details' && rank === WRAPPER)) &&
      (!cause.phases || cause.phases.includes(entry.phase)) &&
      when.test(words),
  )
  return row && { rank: row.rank, code: row.cause.code, ...said(entry) }
}

const ROWS = [
  ...rowsOf(CERTAIN, ({ when }) => when),
  ...rowsOf(LIKELY, ({ maybe }) => maybe),
  ...rowsOf(WRAPPER, ({ wraps }) => wraps),
]

/** Nearly all lines fit no row, which three expressions find out five times sooner than all. */
const ANY = [
  anyOf(({ source, flags }) => flags === '' && source.startsWith('^')),
  anyOf(({ source, flags }) => flags === '' && !source.startsWith('^')),
  anyOf(({ flags }) => flags === 'i'),
]

function anyOf(like: (when: RegExp) => boolean): RegExp {
  const alike = ROWS.map(({ when }) => when).filter(like)
  return new RegExp(alike.map(({ source }) => `(?:${source})`).join('|'), alike[0]?.flags)
}

function rowsOf(rank: number, of: (cause: Cause) => readonly RegExp[] | undefined) {
  return CAUSES.flatMap((cause) => (of(cause) ?? []).map((when) => ({ rank, when, cause })))
}

function said({ message, phase, details }: Pick<LogEntry, 'message' | 'phase' | 'details'>) {
  const text = message.trim()
  const kept = text.length > LOOKED_AT ? `${text.slice(0, LOOKED_AT - 1).toWellFormed()}…` : text
  return { message: kept, phase, ...(details !== undefined && { place: details.slice(0, 200) }) }
}

/** Without what the launch has survived: it went on to the next phase, or with its setup. */
function survived(clues: Clues, { phase, progress, details }: LogEntry): Clues {
  const reached = Math.max(clues.progress, progress ?? 0)
  if (reached === clues.progress && phase === clues.phase) return clues
  const now = { phase, progress: reached, ...(clues.started && { started: clues.started }) }
  if (phaseOrder(phase) > phaseOrder(clues.phase) && phase !== 'failed') return now
  const goesOn = phase === 'installing' && reached > clues.progress
  return goesOn && clues.best?.place === details ? now : { ...clues, ...now }
}

function better(clues: Clues, clue: Clue): Clues {
  const kept = clues.settled || (clues.best && clues.best.rank >= clue.rank)
  return kept ? closed(clues) : { ...closed(clues), best: clue }
}

/** The last exception of the first traceback tells most: those that follow it come of it. */
function excepted(clues: Clues, entry: LogEntry): Clues {
  const { best, traceback, settled } = clues
  if (settled || (best && best.rank > EXCEPTION)) return closed(clues)
  if (best?.rank === EXCEPTION && traceback === undefined) return clues
  const clue = { rank: EXCEPTION, ...said(entry) }
  return { ...clues, best: clue, ...(traceback && { traceback: 'told' }) }
}

function started(clues: Clues, entry: LogEntry): Clues {
  const { started, best, wrapper } = clues
  if (!started || !best) return { ...closed(clues), started: true }
  const again = { rank: WRAPPER, code: 'crash_loop', ...said(entry) }
  return { ...closed(clues), wrapper: wrapper ?? again, settled: true }
}

function closed(clues: Clues): Clues {
  if (clues.traceback === undefined) return clues
  const { traceback: _, ...rest } = clues
  return rest
}
