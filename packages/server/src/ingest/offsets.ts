import type { Draft } from '@launchtail/client/protocol'
import { retry } from '../async/retry.js'
import type { AppendAnswer } from '../logs/appender.js'

/** The stretch of a source that an append covers: see the store's offsets. */
export interface PipelineOffset {
  /** Lines and words are counted apart, because which words there are depends on when one looked. */
  readonly of: 'lines' | 'words'
  readonly from: number
  readonly to: number
}

/** A draft and the offset behind it. */
export interface Counted {
  readonly draft: Draft
  readonly position: number
}

export interface OffsetsOptions {
  /** Stores drafts that hold no secrets any more, if the store's offset is at `from`. */
  append: (drafts: readonly Draft[], offset: PipelineOffset) => Promise<AppendAnswer>
  /** Where the store's offsets are. */
  at: { lines: number; words: number }
  /** Tries again while the storage is out of reach. */
  retries: boolean
  signal: AbortSignal
}

/** The store's offset is behind what was stored: the list lost its end, or expired as a whole. */
export class OffsetLost extends Error {
  readonly of: PipelineOffset['of']
  readonly expected: number
  readonly position: number

  constructor(of: PipelineOffset['of'], expected: number, position: number) {
    super(`the log's offset of ${of} was at ${expected} and is at ${position}`)
    this.of = of
    this.expected = expected
    this.position = position
  }
}

/** Appends with offsets, so that an append that is repeated, or made by two, is stored once. */
export function createOffsets({ append, at: { lines, words }, retries, signal }: OffsetsOptions) {
  const at = { lines, words }
  return { at, store }

  /** Stores those drafts that are not stored yet, and moves the offset to `to`. */
  async function store(
    of: PipelineOffset['of'],
    drafts: readonly Counted[],
    to: number,
  ): Promise<void> {
    let rest = drafts
    let from = at[of]
    for (;;) {
      const offset = { of, from, to }
      const texts = rest.map(({ draft }) => draft)
      const attempt = () => append(texts, offset)
      const answer = await (retries ? retry(attempt, { signal }) : attempt())
      if (answer.outcome !== 'elsewhere') break
      // Stored before: by us, when the answer was lost, or by another reader of this output.
      if (answer.position < from) throw new OffsetLost(of, from, answer.position)
      from = answer.position
      if (from >= to) break
      rest = rest.filter((counted) => counted.position > from)
    }
    at[of] = Math.max(from, to)
  }
}
