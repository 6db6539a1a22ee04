import { type Draft, isTerminal, type LaunchState } from '@launchtail/client/protocol'
import { masked } from '../../ingest/masked.js'
import { proceed } from '../../ingest/progress.js'
import { cleanLine } from '../../output/clean.js'
import { createReader } from '../../output/interpret/index.js'
import type { Redactor } from '../../output/redact/index.js'
import type { ReadRecord } from './record.js'

/** Makes entries of the records of one node, in their order. */
export interface Drafting {
  /** The entry of a record; undefined if it makes none, or is held back for those after it. */
  take(record: ReadRecord): Draft | undefined
  /** The entry of what is still held back at the end. */
  end(): Draft | undefined
}

/**
 * Entries have no secrets any more. What a record does not say itself (phase, progress, level) is read out of
 * its message, as with raw output.
 */
export function createDrafting({
  state: known,
  redactor,
}: {
  state: LaunchState
  redactor: Redactor
}): Drafting {
  const reader = createReader()
  const redactDetails = rememberHarmless(redactor.redact)
  let state = known
  return { take, end: () => masked(reader.end(state), redactor) }

  function take(record: ReadRecord): Draft | undefined {
    const draft = record.phase === undefined ? interpreted(record) : said(record)
    if (draft?.phase !== undefined) {
      state = { phase: draft.phase, progress: draft.progress ?? state.progress }
    }
    return draft
  }

  /** Whoever names the phase knows what launches are: the record is taken at its word. */
  function said({ message, details, ...rest }: ReadRecord): Draft {
    return compact({
      ...rest,
      message: redactor.redact(message),
      details: redactDetails(details),
    })
  }

  function interpreted(record: ReadRecord): Draft | undefined {
    const { message } = record
    const [text = '', ...more] = message.includes('\n') ? message.split(/\r?\n/) : [message]
    const first = shown(text)
    const rest = more.map(shown)
    const read = masked(reader.read(state, { text: first }), redactor)
    // An empty line makes no entry, and neither does one that is kept for those after it.
    if (!read) return undefined
    const { phase, progress } = stepOf(read)
    return compact({
      timestamp: record.timestamp,
      level: record.level ?? read.level,
      message: read.message,
      phase,
      progress: record.progress ?? progress,
      details: joined(read.details, rest, redactDetails(record.details)),
    })
  }

  /** The phase and progress that the line may tell. Most lines tell nothing new. */
  function stepOf(draft: Draft): Pick<Draft, 'phase' | 'progress'> {
    const { phase, progress } = draft
    if (phase === state.phase && progress === undefined && !isTerminal(phase)) return { phase }
    return proceed(state, draft, RAW).draft
  }

  function shown(line: string): string {
    return redactor.line(cleanLine(line).text)
  }
}

/** As raw output may, which is no statement of whoever launches. */
const RAW = { mayEnd: false, mayBegin: false }

/** The lines of an entry's details: those of the message's head, the rest of the message, the attributes. */
function joined(head = '', rest: readonly string[], attributes: string): string {
  if (head === '' && rest.length === 0) return attributes
  return [head, ...rest, attributes].filter((part) => part !== '').join('\n')
}

/** The details of a sender's records are often the same: those with nothing to hide are redacted once. */
function rememberHarmless(redact: Redactor['redact']): Redactor['redact'] {
  let harmless = ''
  return (text) => {
    if (text === harmless) return text
    const redacted = redact(text)
    if (redacted === text) harmless = text
    return redacted
  }
}

/** Without what is undefined or empty. Written out, because every record passes here. */
function compact({
  timestamp,
  level,
  message,
  phase,
  progress,
  details,
}: { [Key in keyof Draft]: Draft[Key] | undefined } & { message: string }): Draft {
  const draft: Draft = { message }
  if (timestamp !== undefined) draft.timestamp = timestamp
  if (level !== undefined) draft.level = level
  if (phase !== undefined) draft.phase = phase
  if (progress !== undefined) draft.progress = progress
  if (details !== undefined && details !== '') draft.details = details
  return draft
}
