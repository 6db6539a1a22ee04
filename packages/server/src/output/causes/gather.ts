import type { Placed } from '../blocks.js'
import type { CauseRow } from '../tools/index.js'
import type { Clues } from './clues.js'
import { type Candidate, type Quoted, WEIGHTS, withCandidate } from './evidence.js'
import type { Line } from './line.js'
import { type Known, knownIn } from './rows.js'

type Told = Pick<Candidate, 'weight' | 'code' | 'advice' | 'open'>

/** The reason is on the next line. */
const HEADLINE =
  /\b(?:\d{1,6} validation errors? for \S{1,100}|ChildFailedError:|error:|Error:)\s*$/

export function found(
  clues: Clues,
  line: Line,
  { surety, row }: Known,
  role: Placed['role'],
): Clues {
  const weight =
    surety === 'certain' ? WEIGHTS.certain : line.warning ? WEIGHTS.warning : WEIGHTS.likely
  const told = toldBy(row)
  const open = isHeadline(line.words)
  // In a tree of reasons the deepest named one counts, in place of what announced it.
  const last = clues.candidates?.at(-1)
  if (role === 'more' && last?.place === line.place && last && !last.survived) {
    const deeper = { ...candidateOf(line, { weight, ...told }), under: last.under ?? quote(last) }
    const others = (clues.candidates ?? []).slice(0, -1)
    if (weight >= last.weight) return { ...clues, candidates: [...others, deeper] }
    return clues
  }
  return added(clues, line, { weight, ...told, ...(open && { open: true as const }) })
}

/** A complaint that no row knows. */
export function complained(clues: Clues, line: Line, isReason: boolean): Clues {
  const weight = isReason || isException(line.words) ? WEIGHTS.exception : WEIGHTS.complaint
  return added(clues, line, { weight, ...(isHeadline(line.words) && { open: true as const }) })
}

/** The exception of what was built tells more than that the build failed. */
export function deepened(clues: Clues, line: Line): Clues {
  const last = clues.candidates?.at(-1)
  if (!last || last.place !== line.place?.slice(0, 200)) {
    return added(clues, line, { weight: WEIGHTS.exception })
  }
  const deeper = {
    ...candidateOf(line, { weight: last.weight, ...toldBy(last) }),
    under: last.under ?? quote(last),
  }
  return { ...clues, candidates: [...(clues.candidates ?? []).slice(0, -1), deeper] }
}

/** The newest candidate of this process, if its reason is still to come. */
export function openCandidate({ candidates = [] }: Clues, { place }: Line): Candidate | undefined {
  const last = candidates.findLast((one) => one.place === place?.slice(0, 200))
  return last?.open ? last : undefined
}

export function replaced(clues: Clues, opened: Candidate, line: Line): Clues {
  const known = knownIn(line.words, line.entry.phase)
  const certain = known?.surety === 'certain'
  const weight = certain ? WEIGHTS.certain : opened.weight
  const reason = {
    ...candidateOf(line, { weight, ...toldBy(certain ? known.row : opened) }),
    under: quote(opened),
  }
  const candidates = (clues.candidates ?? []).map((one) => (one === opened ? reason : one))
  return { ...clues, candidates }
}

export function wrapped(
  clues: Clues,
  { index, text }: Line,
  row: Partial<Pick<CauseRow, 'code' | 'advice'>> = {},
): Clues {
  const { wrapper } = clues
  const stage = row.code === 'server_exited' ? {} : toldBy(row)
  // The first one that says what kind of thing failed.
  if (wrapper && (wrapper.code !== undefined || stage.code === undefined)) return clues
  return { ...clues, wrapper: { index, message: text, ...stage } }
}

/** It stands for what was said before it, if that was more than a complaint. */
export function summedUp(clues: Clues, line: Line): Clues {
  const told = clues.candidates?.some(
    ({ weight, survived }) => !survived && weight >= WEIGHTS.exception,
  )
  const next = wrapped(clues, line)
  return told ? { ...next, settled: true } : next
}

export function started(clues: Clues, line: Line): Clues {
  const { started: begun, candidates, wrapper } = clues
  if (!begun || !candidates || candidates.every((one) => one.survived)) {
    return { ...clues, started: true }
  }
  const again = { index: line.index, message: line.text, code: 'crash_loop' }
  return { ...clues, wrapper: wrapper?.code ? wrapper : again, settled: true }
}

function added(clues: Clues, line: Line, more: Told): Clues {
  if (clues.settled) return clues
  const { candidates = [] } = clues
  return { ...clues, candidates: withCandidate(candidates, candidateOf(line, more)) }
}

function candidateOf({ entry, index, text, place }: Line, more: Told): Candidate {
  return {
    index,
    message: text,
    phase: entry.phase,
    ...(place !== undefined && { place: place.slice(0, 200) }),
    ...more,
  }
}

/** What a row, or a candidate that one has named, tells of the cause. */
function toldBy({
  code,
  advice,
}: Partial<Pick<CauseRow, 'code' | 'advice'>>): Pick<Candidate, 'code' | 'advice'> {
  return { ...(code !== undefined && { code }), ...(advice !== undefined && { advice }) }
}

function isHeadline(words: string): boolean {
  return HEADLINE.test(words)
}

function isException(words: string): boolean {
  return /^(?:[A-Za-z_]\w{0,63}\.){0,12}[A-Z]\w{0,63}(?:Error|Exception|Exit|Failure)(?:\([\w.]{1,80}\))?(?:: |:?$)/.test(
    words,
  )
}

function quote({ index, message }: Quoted): Quoted {
  return { index, message }
}
