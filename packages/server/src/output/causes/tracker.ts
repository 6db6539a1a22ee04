import { beginsLaunch, type LogEntry, type Phase, phaseOrder } from '@launchtail/client/protocol'
import { type Block, type Placed, placeLine } from '../blocks.js'
import { placeIn, wasPeeled } from '../details.js'
import { type Peeled, peel } from '../peel.js'
import { wordsOf } from '../words.js'
import { type Candidate, cut, type Quoted, WEIGHTS, withCandidate } from './evidence.js'
import { type Known, knownIn } from './rows.js'
import { isNoise, sumsUp, wraps } from './wrappers.js'

/** What the entries of a launch have told of why it may fail. JSON, and of bounded size. */
export interface Clues {
  readonly phase: Phase
  readonly progress: number
  readonly candidates?: readonly Candidate[]
  /** Something failed, says a line that does not say what. */
  readonly wrapper?: Quoted & { readonly code?: string }
  /** What each process is in the middle of. */
  readonly blocks?: Readonly<Record<string, Block>>
  /** A server has begun; if one begins again, the first has failed. */
  readonly started?: true
  /** What comes now only repeats it. */
  readonly settled?: true
}

export const NO_CLUES: Clues = { phase: 'queued', progress: 0 }

/** How much of a line is looked at. */
const LOOKED_AT = 2000
/** How many processes' blocks are kept. */
const MOST_BLOCKS = 16
/** So many lines without a complaint, and a process has survived one that ended no traceback. */
const CALM = 12

/** So many steps forward of a server's, and no earlier complaint can have ended it. */
const MOST_PASSED = 2

/** A server begins: vLLM's first line, or the banner of its newer versions. */
const STARTS = /^(?:vLLM API server version |\W{1,80}\bversion \d{1,4}\.\d)/

/** The reason is on the next line. */
const HEADLINE =
  /\b(?:\d{1,6} validation errors? for \S{1,100}|ChildFailedError:|error:|Error:)\s*$/
const NO_REASON = /^\s*(?:For further information|$)|^\s*\[?(?:stdout|stderr)\]?$|^[│|]\s/

interface Line {
  readonly entry: LogEntry
  readonly index: number
  readonly message: string
  readonly words: string
  readonly place: string | undefined
  readonly warning: boolean
  readonly serious: boolean
}

/** The clues with one more entry, whose place in the list is `index`. */
export function observe(before: Clues, entry: LogEntry, index: number): Clues {
  const known = beginsLaunch(before.phase, entry.phase) ? NO_CLUES : current(before)
  const line = lineOf(entry, index)
  const clues = survived(known, line)
  const { blocks = NO_BLOCKS } = clues
  const key = line.place ?? ''
  const placed = placeLine(blocks[key], line.message, entry.level)
  const next = weigh(clues, line, placed)
  return placed.block === blocks[key] ? next : withBlock(next, key, placed.block)
}

const NO_BLOCKS: Readonly<Record<string, Block>> = {}

/** Clues that were stored by a version of before told of one line at most. */
function current(clues: Clues & { best?: unknown; traceback?: unknown }): Clues {
  if (clues.best === undefined && clues.traceback === undefined) return clues
  const { best, traceback: _, wrapper: __, ...rest } = clues
  const { message, code, phase = clues.phase } = best as Partial<Candidate>
  if (typeof message !== 'string') return rest
  const weight = code === undefined ? WEIGHTS.exception : WEIGHTS.certain
  const candidate = { index: -1, message: cut(message), weight, phase, ...(code && { code }) }
  return { ...rest, candidates: [candidate] }
}

function lineOf(entry: LogEntry, index: number): Line {
  const text = entry.message.slice(0, LOOKED_AT)
  const place = placeIn(entry.details)
  // An entry that other programs wrote may still have its head.
  const { message, level: own, place: told } = wasPeeled(entry.details) ? bare(text) : peel(text)
  const { level } = entry
  return {
    entry,
    index,
    message,
    words: wordsOf(message),
    place: place ?? told.pid,
    warning: level === 'warn' || level === 'debug',
    serious: level === 'error' || (level === 'info' && own === 'error'),
  }
}

function bare(message: string): Pick<Peeled, 'message' | 'level' | 'place'> {
  return { message, level: undefined, place: {} }
}

function weigh(clues: Clues, line: Line, { role, block }: Placed): Clues {
  const { words, entry, warning, serious } = line
  if (role === 'header') return announced(clues, line)
  if (role === 'link' || role === 'inside') return clues
  if (words === '') return clues
  if (role === 'none' && STARTS.test(words)) return started(clues, line)
  if (sumsUp(words)) return summedUp(clues, line)
  const opened = role === 'more' ? openCandidate(clues, line) : undefined
  if (opened) return NO_REASON.test(line.message) ? clues : replaced(clues, opened, line)
  const known = knownIn(words, entry.phase, { warning, calm: entry.level === 'info' && !serious })
  if (known?.surety === 'wrapper') return wrapped(clues, line, known.row.code)
  if (known) return found(clues, line, known, role)
  if (!serious) return calmer(clues, line)
  if (isNoise(words)) return clues
  if (wraps(words)) return wrapped(clues, line)
  if (role === 'more') return clues
  if (role === 'reason' && block?.inTree) return deepened(clues, line)
  const weight = role === 'reason' || isException(words) ? WEIGHTS.exception : WEIGHTS.complaint
  return added(clues, line, { weight, ...(isHeadline(words) && { open: true as const }) })
}

/** What stands before a traceback in its line may say what failed. */
function announced(clues: Clues, line: Line): Clues {
  const known = knownIn(line.words, line.entry.phase, { warning: line.warning })
  if (!known) return clues
  if (known.surety === 'wrapper') return wrapped(clues, line, known.row.code)
  return found(clues, line, known, 'header')
}

/** The exception of what was built tells more than that the build failed. */
function deepened(clues: Clues, line: Line): Clues {
  const last = clues.candidates?.at(-1)
  if (!last || last.place !== line.place?.slice(0, 200)) {
    return added(clues, line, { weight: WEIGHTS.exception })
  }
  const { weight, code } = last
  const deeper = {
    ...candidateOf(line, { weight, ...(code !== undefined && { code }) }),
    under: last.under ?? quote(last),
  }
  return { ...clues, candidates: [...(clues.candidates ?? []).slice(0, -1), deeper] }
}

function isHeadline(words: string): boolean {
  return HEADLINE.test(words)
}

function isException(words: string): boolean {
  return /^(?:[A-Za-z_]\w{0,63}\.){0,12}[A-Z]\w{0,63}(?:Error|Exception|Exit|Failure)(?:\([\w.]{1,80}\))?(?:: |:?$)/.test(
    words,
  )
}

function found(clues: Clues, line: Line, { surety, row }: Known, role: Placed['role']): Clues {
  const weight =
    surety === 'certain' ? WEIGHTS.certain : line.warning ? WEIGHTS.warning : WEIGHTS.likely
  const { code } = row
  const open = isHeadline(line.words)
  // In a tree of reasons the deepest named one counts, in place of what announced it.
  const last = clues.candidates?.at(-1)
  if (role === 'more' && last?.place === line.place && last && !last.survived) {
    const deeper = { ...candidateOf(line, { weight, code }), under: last.under ?? quote(last) }
    const others = (clues.candidates ?? []).slice(0, -1)
    if (weight >= last.weight) return { ...clues, candidates: [...others, deeper] }
    return clues
  }
  return added(clues, line, { weight, code, ...(open && { open: true as const }) })
}

function candidateOf(
  { entry, index, place }: Line,
  more: Pick<Candidate, 'weight' | 'code' | 'open'>,
): Candidate {
  return {
    index,
    message: cut(entry.message),
    phase: entry.phase,
    ...(place !== undefined && { place: place.slice(0, 200) }),
    ...more,
  }
}

function added(clues: Clues, line: Line, more: Pick<Candidate, 'weight' | 'code' | 'open'>): Clues {
  if (clues.settled) return clues
  const { candidates = [] } = clues
  return { ...clues, candidates: withCandidate(candidates, candidateOf(line, more)) }
}

/** The newest candidate of this process, if its reason is still to come. */
function openCandidate({ candidates = [] }: Clues, { place }: Line): Candidate | undefined {
  const last = candidates.findLast((one) => one.place === place?.slice(0, 200))
  return last?.open ? last : undefined
}

function replaced(clues: Clues, opened: Candidate, line: Line): Clues {
  const known = knownIn(line.words, line.entry.phase)
  const certain = known?.surety === 'certain'
  const code = certain ? known.row.code : opened.code
  const weight = certain ? WEIGHTS.certain : opened.weight
  const reason = {
    ...candidateOf(line, { weight, ...(code !== undefined && { code }) }),
    under: quote(opened),
  }
  const candidates = (clues.candidates ?? []).map((one) => (one === opened ? reason : one))
  return { ...clues, candidates }
}

function quote({ index, message }: Quoted): Quoted {
  return { index, message }
}

function wrapped(clues: Clues, { index, entry }: Line, stage?: string): Clues {
  const { wrapper } = clues
  const code = stage === 'server_exited' ? undefined : stage
  // The first one that says what kind of thing failed.
  if (wrapper && (wrapper.code !== undefined || code === undefined)) return clues
  return {
    ...clues,
    wrapper: { index, message: cut(entry.message), ...(code !== undefined && { code }) },
  }
}

/** It stands for what was said before it, if that was more than a complaint. */
function summedUp(clues: Clues, line: Line): Clues {
  const told = clues.candidates?.some(
    ({ weight, survived }) => !survived && weight >= WEIGHTS.exception,
  )
  const next = wrapped(clues, line, 'server_exited')
  return told ? { ...next, settled: true } : next
}

/** A process that goes on quietly has survived what it complained of, unless that ended something. */
function calmer(clues: Clues, { place, entry }: Line): Clues {
  const { candidates } = clues
  if (!candidates || entry.level !== 'info') return clues
  const near = place?.slice(0, 200)
  if (!candidates.some((one) => one.place === near && isPassing(one))) return clues
  return {
    ...clues,
    candidates: candidates.map((one) => {
      if (one.place !== near || !isPassing(one)) return one
      const calm = (one.calm ?? 0) + 1
      return calm >= CALM ? { ...one, calm, survived: true as const } : { ...one, calm }
    }),
  }
}

function isPassing({ weight, survived }: Candidate): boolean {
  return !survived && weight <= WEIGHTS.complaint
}

/** Without what the launch has survived: it went on to the next phase, or with its work. */
function survived(clues: Clues, { entry, place }: Line): Clues {
  const { phase, progress } = entry
  const reached = Math.max(clues.progress, progress ?? 0)
  if (reached === clues.progress && phase === clues.phase) return clues
  const now: Clues = {
    phase,
    progress: reached,
    ...(clues.started && { started: clues.started }),
    ...(clues.blocks && { blocks: clues.blocks }),
  }
  // A complaint may be the first line that tells how far the launch had come.
  if (entry.level === 'error') return { ...clues, ...now }
  if (phaseOrder(phase) > phaseOrder(clues.phase) && phase !== 'failed') return now
  const { candidates, wrapper, settled } = clues
  // While machines are looked for, each step is another try.
  const tries = phaseOrder(phase) < phaseOrder('installing')
  if (reached === clues.progress || !candidates || tries) return { ...clues, ...now }
  const kept = candidates.flatMap((one) => {
    if ((one.place !== undefined && one.place !== place?.slice(0, 200)) || settled) return [one]
    const passed = (one.passed ?? 0) + 1
    // A setup that goes on has got over it; of a server another process may go on for a moment.
    const over = phase === 'installing' || one.weight <= WEIGHTS.complaint || passed > MOST_PASSED
    return over ? [] : [{ ...one, passed, survived: true as const }]
  })
  const passed = kept.length < candidates.length
  return {
    ...now,
    ...(settled && { settled }),
    ...(kept.length > 0 && { candidates: kept }),
    ...(wrapper && !passed && { wrapper }),
  }
}

function started(clues: Clues, line: Line): Clues {
  const { started: begun, candidates, wrapper } = clues
  if (!begun || !candidates || candidates.every((one) => one.survived)) {
    return { ...clues, started: true }
  }
  const again = { index: line.index, message: cut(line.entry.message), code: 'crash_loop' }
  return { ...clues, wrapper: wrapper?.code ? wrapper : again, settled: true }
}

function withBlock(clues: Clues, key: string, block: Block | undefined): Clues {
  const { [key]: _, ...others } = clues.blocks ?? NO_BLOCKS
  if (!block) {
    const { blocks: __, ...rest } = clues
    return Object.keys(others).length > 0 ? { ...rest, blocks: others } : rest
  }
  const kept = Object.entries(others).slice(-(MOST_BLOCKS - 1))
  return { ...clues, blocks: { ...Object.fromEntries(kept), [key]: block } }
}
