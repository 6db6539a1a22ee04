import {
  type Draft,
  foldLaunch,
  isTerminal,
  type LaunchState,
  type Phase,
  phaseOrder,
} from '@launchtail/client/protocol'
import { isStorageFault, retry } from '../async/retry.js'
import type { AppendAnswer } from '../logs/appender.js'
import { cleanLine } from '../output/clean.js'
import { interpret } from '../output/interpret/index.js'
import type { RawLine } from '../output/lines.js'
import type { Redactor } from '../output/redact/index.js'
import type { LaunchLine } from './launch-line.js'

/** Where in what is being read an append stands: see the store's offsets. */
export interface PipelineOffset {
  /** Lines and words are counted apart: which words there are depends on when one looked. */
  readonly of: 'lines' | 'words'
  readonly from: number
  readonly to: number
}

export interface PipelineOptions {
  /** Stores drafts that hold no secrets any more, if the offset is at `from`. */
  append: (drafts: readonly Draft[], offset: PipelineOffset) => Promise<AppendAnswer>
  /** Where the launch is in the store; what was stored is not interpreted again. */
  state: LaunchState
  /** Where the store's offsets are. Lines up to there are skipped. */
  at?: { lines: number; words: number }
  /** Where in the same count what is read begins. */
  from?: number
  /** The offset behind a final line. Default: how many there were. */
  position?: (line: RawLine) => number
  /** One for this output alone. */
  redactor: Redactor
  /** Whether the lines alone tell where the launch is: that it is over, or that one begins anew. */
  linesDecide?: boolean
  /** Whether to wait for storage that is out of reach, which is safe where there are offsets. */
  patient?: boolean
  signal: AbortSignal
}

export interface Pipeline {
  /** Takes the lines that came in one read. Returns when they are stored, all in one append. */
  take(lines: readonly LaunchLine[]): Promise<void>
  /** Stores a word behind the lines that were taken. */
  say(word: Draft): Promise<void>
  /** Keeps the offset from expiring while there is nothing to store. */
  renew(): Promise<void>
  /** The output is over, or nobody reads on. */
  end(): Promise<void>
  /** Drops what waits. */
  cancel(): void
  /** Where the launch is with all that was stored. */
  state(): LaunchState
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

/** Progress bars and spinners become at most one entry in this time. */
const TRANSIENT_EVERY = 500

interface Counted {
  readonly draft: Draft
  readonly position: number
}

/**
 * The way of a raw line into the log: cleaned, without secrets, interpreted, appended. Each append
 * names the lines it continues, so one that is tried again, or made by two, is stored once.
 */
export function createPipeline({
  append,
  state: known,
  at: stored = { lines: 0, words: 0 },
  from: begin = 0,
  position = counter(),
  redactor,
  linesDecide = false,
  patient = true,
  signal,
}: PipelineOptions): Pipeline {
  let state = known
  let { lines: at, words } = stored
  /** The offset behind the last line that was read, whether it gave an entry or not. */
  let reached = begin
  let waiting: { text: string; spinner?: string } | undefined
  let shown: string | undefined
  let timer: NodeJS.Timeout | undefined
  let turn: Promise<void> = Promise.resolve()
  return { take: (lines) => locked(() => take(lines)), say, renew, end, cancel, state: () => state }

  function locked(act: () => Promise<void>): Promise<void> {
    // A fault of one turn is the fault of all that follow: their lines would be out of order.
    turn = turn.then(act)
    // Whoever takes the next turn is told; here it must only not count as unhandled.
    turn.catch(() => {})
    return turn
  }

  async function take(lines: readonly LaunchLine[]): Promise<void> {
    const drafts: Counted[] = []
    for (const line of lines) {
      const clean = cleanLine(line.text)
      if (line.transient) {
        // Before a line that is stored already it is long over.
        if (reached >= at) wait({ text: redactor.redact(clean.text) })
        continue
      }
      const here = position(line)
      const text = redactor.line(clean.text)
      const spinner = clean.spinner === undefined ? {} : { spinner: redactor.redact(clean.spinner) }
      reached = Math.max(reached, here)
      if (here <= at) continue
      if (text === '' && (clean.heartbeat || spinner.spinner)) {
        // Payloads alone: no line of anybody's, but what a spinner shows.
        if (spinner.spinner) wait({ text, ...spinner })
        continue
      }
      const draft = line.word ?? interpret(state, { text, ...spinner })?.draft
      if (!draft) continue
      drafts.push({ draft: proceed(draft), position: here })
      // What it showed has become this line.
      waiting = undefined
    }
    if (drafts.length > 0) await store(drafts, 'lines', reached)
    if (waiting) timer ??= setTimeout(() => void locked(show), TRANSIENT_EVERY)
  }

  function wait(line: { text: string; spinner?: string }): void {
    if ((line.spinner ?? line.text).trim() !== '') waiting = line
  }

  /** Stores the newest state of a progress bar. It may be lost: the next one says more. */
  async function show(): Promise<void> {
    timer = undefined
    const line = waiting
    waiting = undefined
    const text = line && (line.spinner ?? line.text)
    if (!line || text === shown) return
    const read = interpret(state, line)
    if (!read) return
    shown = text
    const before = state
    const draft = proceed(read.draft)
    try {
      const { outcome } = await append([draft], { of: 'lines', from: at, to: at })
      if (outcome === 'elsewhere') state = before
    } catch (error) {
      state = before
      if (!isStorageFault(error)) throw error
    }
  }

  function say(word: Draft): Promise<void> {
    return locked(() => store([{ draft: proceed(word, true), position: words + 1 }], 'words'))
  }

  function renew(): Promise<void> {
    return locked(() => store([], 'lines', Math.max(at, reached)))
  }

  function end(): Promise<void> {
    cancel()
    return locked(async () => {
      // Lines that gave no entry have been read too.
      if (reached > at) await store([], 'lines', reached)
    })
  }

  function cancel(): void {
    clearTimeout(timer)
    timer = undefined
    waiting = undefined
  }

  async function store(drafts: readonly Counted[], of: PipelineOffset['of'], upTo = words + 1) {
    let rest = drafts
    let from = of === 'lines' ? at : words
    for (;;) {
      const offset = { of, from, to: upTo }
      const texts = rest.map(({ draft }) => draft)
      const attempt = () => append(texts, offset)
      const answer = await (patient ? retry(attempt, { signal }) : attempt())
      if (answer.outcome !== 'elsewhere') break
      // Stored before: by us, when the answer was lost, or by whoever else reads this output.
      if (answer.position < from) throw new OffsetLost(of, from, answer.position)
      from = answer.position
      if (from >= upTo) break
      rest = rest.filter((counted) => counted.position > from)
    }
    if (of === 'lines') at = Math.max(from, upTo)
    else words = Math.max(from, upTo)
  }

  /** What a draft makes of the launch, which never goes back. */
  function proceed(draft: Draft, mayEnd = linesDecide): Draft {
    const { phase, progress, ...rest } = draft
    const step = stepOf(state.phase, { phase, progress }, { mayEnd, mayBegin: linesDecide })
    state = foldLaunch(state, { phase: state.phase, ...step })
    return { ...rest, ...step }
  }
}

type Step = { phase?: Phase; progress?: number }

function stepOf(
  before: Phase,
  { phase, progress }: { phase: Phase | undefined; progress: number | undefined },
  { mayEnd, mayBegin }: { mayEnd: boolean; mayBegin: boolean },
): Step {
  // What a launcher's node prints while it serves does not launch it again.
  if (isTerminal(before)) return mayBegin ? defined(phase, progress) : {}
  if (phase === undefined) return defined(phase, progress)
  if (phaseOrder(phase) < phaseOrder(before)) return {}
  if (!isTerminal(phase) || mayEnd) return defined(phase, progress)
  return phase === 'active' ? { phase: 'health_check', progress: 95 } : {}
}

function defined(phase: Phase | undefined, progress: number | undefined): Step {
  return { ...(phase !== undefined && { phase }), ...(progress !== undefined && { progress }) }
}

function counter(): () => number {
  let count = 0
  return () => {
    count += 1
    return count
  }
}
