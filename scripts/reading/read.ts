import { type Draft, type Failure, type LogEntry, NOT_LAUNCHED } from '@launchtail/client/protocol'
import { createPipeline } from '../../packages/server/src/ingest/pipeline.js'
import { fold, UNFOLDED } from '../../packages/server/src/nodes/fold.js'
import { lineDecoder } from '../../packages/server/src/output/lines.js'
import { createRedactor } from '../../packages/server/src/output/redact/index.js'

export interface Reading {
  /** The entries that each chunk became. */
  readonly entries: readonly (readonly LogEntry[])[]
  /** Why the launch failed, told after the last line that it did. */
  readonly failure: Failure | undefined
}

/** The last word on a launch of which its sender knows only that it ended. */
export const LAST_WORD = 'exit code 1'

const AT = '2026-01-02T03:04:05.000Z'

/** Sends chunks of output through the way that every launch's output goes, as far as the record. */
export async function read(chunks: readonly Uint8Array[]): Promise<Reading> {
  let stored: Draft[] = []
  const pipeline = createPipeline({
    state: NOT_LAUNCHED,
    redactor: createRedactor(),
    async append(drafts) {
      stored.push(...drafts)
      return { outcome: 'stored', accepted: drafts.length, cursor: '' }
    },
    signal: new AbortController().signal,
  })
  const decoder = lineDecoder()
  const entries: LogEntry[][] = []
  let phase = NOT_LAUNCHED.phase
  for (const chunk of chunks) {
    await pipeline.take(decoder.push(chunk))
    entries.push(takeStored())
  }
  await pipeline.take(decoder.end())
  // Lines that were held back make their entry at the end.
  await pipeline.end()
  entries.at(-1)?.push(...takeStored())
  return { entries, failure: failureOf(entries.flat()) }

  function takeStored(): LogEntry[] {
    const taken = stored.map((draft) => {
      phase = draft.phase ?? phase
      return { ...draft, timestamp: AT, level: draft.level ?? 'info', phase } as LogEntry
    })
    stored = []
    return taken
  }
}

function failureOf(entries: readonly LogEntry[]): Failure | undefined {
  const last: LogEntry = { timestamp: AT, level: 'error', message: LAST_WORD, phase: 'failed' }
  return [...entries, last].reduce((record, entry, i) => fold(record, entry, i), UNFOLDED).failure
}
