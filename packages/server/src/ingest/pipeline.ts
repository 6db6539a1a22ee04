import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Draft, type LaunchState, phaseOrder } from '@launchtail/client/protocol'
import { isStorageFault } from '../async/retry.js'
import { interpret } from '../output/interpret/index.js'
import type { Redactor } from '../output/redact/index.js'
import type { LaunchLine } from './launch-line.js'
import { createLineReader } from './line-reader.js'
import { masked } from './masked.js'
import { type Counted, createOffsets, type OffsetsOptions } from './offsets.js'
import { proceed } from './progress.js'
import { createTransient } from './transient.js'
import { createTurns } from './turns.js'

export interface PipelineOptions extends Pick<OffsetsOptions, 'append' | 'signal'> {
  /** Where the launch is in the store. Stored lines are not interpreted again. */
  state: LaunchState
  /** Where the store's offsets are. Lines up to there are skipped. */
  at?: OffsetsOptions['at']
  /** The offset at which the lines that are read begin. */
  from?: number
  /** The offset behind a final line. Default: the line’s own, or else the number of lines. */
  position?: (line: LaunchLine) => number
  /** One for this output alone. */
  redactor: Redactor
  /** True if the lines alone tell that a launch is over, or that one begins anew. */
  linesDecide?: boolean
  /** Tries again while the storage is out of reach, which is safe because of the offsets. Default true. */
  retries?: boolean
}

export interface Pipeline {
  /** Takes the lines that came in one read. Returns when they are stored. */
  take(lines: readonly LaunchLine[]): Promise<void>
  /** Stores a word after the lines that were taken. */
  say(word: Draft): Promise<void>
  /** The same, if it brings the launch to a later phase. */
  reach(step: Draft): Promise<void>
  /** Keeps the offset from expiring while there is nothing to store. */
  renew(): Promise<void>
  /** Called at the end of the output, or of reading it. */
  end(): Promise<void>
  /** Discards the state of a progress bar that waits to be stored. */
  cancel(): void
  /** Where the launch is, with everything that was stored. */
  state(): LaunchState
}

/** Lines that are read at once: some 10 ms of work. */
const SLICE = 1000

/**
 * The way of a raw line into the log: it is cleaned, freed of secrets, interpreted, and appended.
 * Each append names the offset it continues, so one that is repeated, or made by two, is stored
 * once.
 */
export function createPipeline({
  append,
  state: known,
  at = { lines: 0, words: 0 },
  from = 0,
  position = counter(),
  redactor,
  linesDecide = false,
  retries = true,
  signal,
}: PipelineOptions): Pipeline {
  let state = known
  const offsets = createOffsets({ append, at, retries, signal })
  const ordered = createTurns()
  const transient = createTransient(() => void ordered(showTransient))
  const {
    read,
    reached,
    end: lastOf,
  } = createLineReader({
    from,
    position,
    redactor,
    stored: () => offsets.at.lines,
    onTransient: transient.keep,
  })
  return {
    take: (lines) => ordered(() => takeAll(lines)),
    say: (word) => ordered(() => say(word)),
    reach: (step) => ordered(() => reach(step)),
    renew: () => ordered(() => offsets.store('lines', [], Math.max(offsets.at.lines, reached()))),
    end,
    cancel: transient.cancel,
    state: () => state,
  }

  /** In slices: a read of 64 KiB may have 30,000 lines, and other work must get its turn. */
  async function takeAll(lines: readonly LaunchLine[]): Promise<void> {
    if (lines.length <= SLICE) return take(lines)
    for (let at = 0; at < lines.length; at += SLICE) {
      await take(lines.slice(at, at + SLICE))
      await nextTurn()
    }
  }

  async function take(lines: readonly LaunchLine[]): Promise<void> {
    const drafts: Counted[] = []
    for (const line of lines) {
      const draft = read(line, state)
      if (!draft) continue
      drafts.push({ draft: moveOn(draft), position: reached() })
      // The bar has become this line.
      transient.drop()
    }
    if (drafts.length > 0) await offsets.store('lines', drafts, reached())
    transient.plan()
  }

  /** Stores the newest state of a progress bar. It may be lost: the next one says more. */
  async function showTransient(): Promise<void> {
    const line = transient.take()
    const draft = line && masked(interpret(state, line), redactor)
    if (!draft) return
    transient.show(line)
    const before = state
    const at = offsets.at.lines
    try {
      const { outcome } = await append([moveOn(draft)], { of: 'lines', from: at, to: at })
      if (outcome === 'elsewhere') state = before
    } catch (error) {
      state = before
      if (!isStorageFault(error)) throw error
    }
  }

  async function say(word: Draft): Promise<void> {
    const next = offsets.at.words + 1
    await offsets.store('words', [{ draft: moveOn(word, true), position: next }], next)
  }

  async function reach(step: Draft): Promise<void> {
    const { phase } = step
    if (phase !== undefined && phaseOrder(phase) > phaseOrder(state.phase)) await say(step)
  }

  function end(): Promise<void> {
    transient.cancel()
    return ordered(async () => {
      const draft = lastOf(state)
      if (draft) {
        const last = { draft: moveOn(draft), position: reached() }
        await offsets.store('lines', [last], reached())
      }
      // Lines that made no entry have been read too.
      if (reached() > offsets.at.lines) await offsets.store('lines', [], reached())
    })
  }

  function moveOn(given: Draft, mayEnd = linesDecide): Draft {
    const { state: next, draft } = proceed(state, given, { mayEnd, mayBegin: linesDecide })
    state = next
    return draft
  }
}

function counter(): (line: LaunchLine) => number {
  let count = 0
  return ({ position }) => {
    if (position !== undefined) return position
    count += 1
    return count
  }
}
