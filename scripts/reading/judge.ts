import { type Failure, isTerminal, type LogEntry, plain } from '@launchtail/client/protocol'
import type { CauseLabel, Label, Labelled } from './corpus.js'
import { LAST_WORD, type Reading } from './read.js'

/** Right answers of all that were asked for. */
export interface Figure {
  readonly right: number
  readonly of: number
}

export interface Figures {
  /** The first line of each labelled range is in that phase. */
  readonly phases: Figure
  /** Of the judged lines that are read as errors, those that are. */
  readonly precision: Figure
  /** Of the judged lines that are errors, those that are read so. */
  readonly recall: Figure
  /** The failure's message is the line that tells the cause. */
  readonly cause: Figure
  readonly code: Figure
  /** Entries that end the launch, which no line may do. */
  readonly premature: number
  /** Lines that became no entry, or one that does not say what they say. */
  readonly lost: number
}

export interface Judged extends Figures {
  /** What was wrong, in a sentence each. */
  readonly misses: readonly string[]
}

/** Compares what was read of a log, line by line, with what a careful reader says of it. */
export function judge({ label }: Labelled, lines: readonly Buffer[], reading: Reading): Judged {
  const misses: string[] = []
  const judged = {
    phases: judgePhases(label, reading, misses),
    ...judgeLevels(label, reading, misses),
    ...judgeCause(label, lines, reading.failure, misses),
    premature: reading.entries.flat().filter(({ phase }) => isTerminal(phase)).length,
    lost: lines.filter((line, n) => isLost(line, entriesOf(reading, n), misses, n)).length,
  }
  return { ...judged, misses }
}

function judgePhases(label: Label | undefined, { entries }: Reading, misses: string[]): Figure {
  const ranges = label?.phases ?? []
  const right = ranges.filter(([phase, first]) => {
    // That a launch is active is never said by a line.
    const expected = phase === 'active' ? 'health_check' : phase
    const found = entries[first - 1]?.at(-1)?.phase
    if (found === expected) return true
    misses.push(`line ${first}: begins ${expected}, read as ${found}`)
    return false
  })
  return { right: right.length, of: ranges.length }
}

function judgeLevels(label: Label | undefined, { entries }: Reading, misses: string[]) {
  const levelsOf = (line: number) => (entries[line - 1] ?? []).map(({ level }) => level)
  const { error = [], warn = [] } = label?.levels ?? {}
  const hits = error.filter((line) => {
    if (levelsOf(line).includes('error')) return true
    misses.push(`line ${line}: an error, read as ${levelsOf(line)}`)
    return false
  })
  const wrong = warn.filter((line) => {
    if (!levelsOf(line).includes('error')) return false
    misses.push(`line ${line}: a warning, read as an error`)
    return true
  })
  return {
    precision: { right: hits.length, of: hits.length + wrong.length },
    recall: { right: hits.length, of: error.length },
  }
}

function judgeCause(
  label: Label | undefined,
  lines: readonly Buffer[],
  failure: Failure | undefined,
  misses: string[],
): Pick<Figures, 'cause' | 'code'> {
  const none = { right: 0, of: 0 }
  const cause = label?.outcome === 'failed' ? label.cause : likelyCause(label)
  if (!label || cause === undefined) return { cause: none, code: none }
  const { message = '', code = '' } = failure ?? {}
  const named = cause ? names(message, cause, lines) : message === LAST_WORD
  const line = cause ? `line ${cause.line}, ${JSON.stringify(cause.text)}` : 'told by no line'
  if (!named) misses.push(`cause: ${line}; read as ${JSON.stringify(message.slice(0, 160))}`)
  if (!cause) return { cause: { right: Number(named), of: 1 }, code: none }
  const known = cause.accepted_codes.includes(code)
  if (!known) misses.push(`code: ${cause.accepted_codes}; read as ${code}`)
  return { cause: { right: Number(named), of: 1 }, code: { right: Number(known), of: 1 } }
}

/** What one would name if the launch ended here; of one that came up it is not asked. */
function likelyCause(label: Label | undefined): CauseLabel | undefined {
  return label?.outcome === 'active' ? undefined : label?.likely_cause
}

/** A message may be cut, so a long one is known by how it begins. */
function names(
  message: string,
  { line, text, any = [], also = [] }: CauseLabel,
  lines: readonly Buffer[],
) {
  if ([text, ...any].some((part) => message.includes(part))) return true
  const begins = message.replace(/…$/, '').trim()
  if (begins.length < 12) return false
  return [line, ...also].some((one) =>
    squeezed(said(lines[one - 1] ?? Buffer.of())).includes(squeezed(begins)),
  )
}

/** How many lines may make one entry together. */
const HELD_BACK = 41

/** The entries of a line, or of the next one that has any, where it was held back for that. */
function entriesOf({ entries }: Reading, n: number): readonly LogEntry[] {
  return entries.slice(n, n + HELD_BACK).find((made) => made.length > 0) ?? []
}

function isLost(line: Buffer, entries: readonly LogEntry[], misses: string[], n: number): boolean {
  const text = said(line)
  const last = entries.at(-1)
  if (isEmpty(text)) return false
  const told = last !== undefined && holds(text, last)
  if (!told) misses.push(`line ${n + 1} is lost: ${text.slice(0, 120)} became ${last?.message}`)
  return !told
}

/** What stands on a terminal when the line has ended. */
function said(line: Buffer): string {
  const text = line.toString().replace(/[\r\n]+$/, '')
  return plain(text.slice(text.lastIndexOf('\r') + 1)).trim()
}

/** Nothing, or only the name of who would have said something. */
const NOBODY = /^(?:\([^()]*\bpid=\d+[^()]*\)|\S+ +\||#\d+(?: \d+\.\d+)?|\d{4}-\d\d-\d\d\S*)?$/

function isEmpty(text: string): boolean {
  return text === '' || NOBODY.test(text)
}

/** The message is a part of the line as it was printed, or of what its quotes hold. */
function holds(text: string, { message, details = '' }: LogEntry): boolean {
  const words = message.trim()
  if (text.includes(words) || words.includes('***')) return true
  const line = squeezed(text)
  // Of lines that make one entry together, all but one stand in its details.
  return [words, ...details.split('\n')].some((part) => part && line.includes(squeezed(part)))
}

/** Without what escaping adds and takes away. */
function squeezed(text: string): string {
  return text.replace(/\\[nrt]|[\s\\]/g, '')
}
