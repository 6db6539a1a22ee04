import type { Draft } from '@launchtail/client/protocol'
import { StorageUnavailable } from '../errors.js'
import type { AppendAnswer, Appender } from '../logs/appender.js'
import type { PipelineOffset } from './offsets.js'

export interface RawAppendOptions {
  appender: Appender
  nodeId: string
  /** The name of the source's offset. */
  name: string
  storageGrace: number
}

export interface RawAppend {
  append(drafts: readonly Draft[], offset: PipelineOffset): Promise<AppendAnswer>
  /** Aborts when the storage has been away for too long. */
  readonly signal: AbortSignal
  /** The number of entries that were stored. */
  accepted(): number
  /** The cursor of the last entry that was stored. */
  cursor(): string | undefined
  /** Stops the timer. */
  cancel(): void
}

/** Appends one body's entries, counts them, and gives up when the storage stays away. */
export function createRawAppend({
  appender,
  nodeId,
  name,
  storageGrace,
}: RawAppendOptions): RawAppend {
  const away = new AbortController()
  let giveUp: NodeJS.Timeout | undefined
  let accepted = 0
  let cursor: string | undefined
  return {
    append,
    signal: away.signal,
    accepted: () => accepted,
    cursor: () => cursor,
    cancel: () => clearTimeout(giveUp),
  }

  async function append(
    drafts: readonly Draft[],
    { from, to }: PipelineOffset,
  ): Promise<AppendAnswer> {
    // Runs from the first attempt that fails to the one that succeeds.
    giveUp ??= setTimeout(() => away.abort(new StorageUnavailable('waited')), storageGrace)
    const offset = { name, from, to }
    const answer = await appender.append(nodeId, drafts, { offset, redacted: true })
    clearTimeout(giveUp)
    giveUp = undefined
    if (answer.outcome === 'stored') {
      accepted += answer.accepted
      cursor = answer.cursor
    }
    return answer
  }
}
