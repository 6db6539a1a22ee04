import type { Draft, LaunchState } from '@launchtail/client/protocol'
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
      details: redactor.redact(details),
    })
  }

  function interpreted({ message, ...record }: ReadRecord): Draft | undefined {
    const [first = '', ...more] = message
      .split(/\r?\n/)
      .map((line) => redactor.line(cleanLine(line).text))
    const read = masked(reader.read(state, { text: first }), redactor)
    // An empty line makes no entry, and neither does one that is kept for those after it.
    if (!read) return undefined
    const { draft } = proceed(state, read, { mayEnd: false, mayBegin: false })
    const details = [draft.details ?? '', ...more, redactor.redact(record.details)]
    return compact({
      timestamp: record.timestamp,
      level: record.level ?? draft.level,
      message: draft.message,
      phase: draft.phase,
      progress: record.progress ?? draft.progress,
      details: details.filter((part) => part !== '').join('\n'),
    })
  }
}

function compact(
  draft: { [Key in keyof Draft]: Draft[Key] | undefined } & { message: string },
): Draft {
  const given = Object.entries(draft).filter(([, value]) => value !== undefined && value !== '')
  return { ...Object.fromEntries(given), message: draft.message }
}
