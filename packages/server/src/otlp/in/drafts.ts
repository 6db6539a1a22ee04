import type { Draft, LaunchState } from '@launchtail/client/protocol'
import { masked } from '../../ingest/masked.js'
import { proceed } from '../../ingest/progress.js'
import { cleanLine } from '../../output/clean.js'
import { createReader } from '../../output/interpret/index.js'
import type { Redactor } from '../../output/redact/index.js'
import type { ReadRecord } from './record.js'

/**
 * The entries of one node's records, without secrets. What a record does not say itself (phase, progress,
 * level) is read out of its message, as with raw output.
 */
export function draftsOf(
  records: readonly ReadRecord[],
  { state: known, redactor }: { state: LaunchState; redactor: Redactor },
): Draft[] {
  const reader = createReader()
  let state = known
  const drafts: Draft[] = []
  for (const record of records) {
    const draft = record.phase === undefined ? interpreted(record) : said(record)
    if (!draft) continue
    const { phase, progress } = draft
    if (phase !== undefined) state = { phase, progress: progress ?? state.progress }
    drafts.push(draft)
  }
  const last = masked(reader.end(state), redactor)
  if (last) drafts.push(last)
  return drafts

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
