import { pauseFor } from '../../../async/retry.js'
import type { LaunchLine } from '../../../ingest/launch-line.js'
import { cleanLine } from '../../../output/clean.js'
import { lineDecoder, type RawLine } from '../../../output/lines.js'
import type { Pace } from '../pace.js'
import { SkyApiError } from './http.js'
import type { Outage } from './outage.js'

export interface ReadOptions {
  /** Opens the output at its beginning. */
  open: (signal: AbortSignal) => AsyncGenerator<Buffer, void>
  /** Whether what gives the output is over: then it ends. */
  over: () => Promise<boolean>
  /** Milliseconds between two such questions. Default: the pace's `status`. */
  every?: () => number
  /** Takes lines that were not there before, in their order. */
  take: (lines: readonly LaunchLine[]) => Promise<void>
  /** Told at each piece that comes when that was, and undefined when a reading ends. */
  hear?: (at: number | undefined) => void
  /** Whether it may begin to be there only when what gives it is over. */
  mayBeLate?: boolean
  /** Made for each reading: leaves out lines that are not the output's own. */
  select?: () => (lines: readonly RawLine[]) => readonly RawLine[]
  outage: Outage
  pace: Pace
  signal: AbortSignal
}

/** How often an output that is empty is read again when what gives it is over. */
const LAST_TRIES = 3
/** And how often one that cannot be read. */
const LAST_FAULTS = 9

/**
 * Reads an output to its end, however often it is cut: then it is read again from its beginning, and
 * the lines that were given are passed over. The lines are numbered by nothing else, so what may
 * differ from one reading to the next (progress bars, spinners, heartbeats) is no line.
 */
export async function readOutput({
  open,
  over,
  every = () => pace.status,
  take,
  hear = () => {},
  mayBeLate = false,
  select = () => (lines) => lines,
  outage,
  pace,
  signal,
}: ReadOptions): Promise<void> {
  /** How many lines were given. */
  let given = 0
  let finished = false
  let heard = performance.now()
  let tries = 0
  let reading: AbortController | undefined
  const leaving = new AbortController()
  const watching = watch()
  // Thrown below; here it must only not count as unhandled.
  watching.catch(() => {})
  try {
    for (let pause = pace.first; ; pause = Math.min(pause * 2, pace.longest)) {
      const before = given
      try {
        const rest = await readOnce()
        outage.fine()
        finished ||= await outage.insist(over, signal)
        if (finished) tries += 1
        // A log that is not there yet when all is over comes a moment later.
        if (finished && (given > 0 || tries >= LAST_TRIES || !mayBeLate)) return await rest()
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof SkyApiError)) throw error
        outage.trouble(error)
        if (error.status === 404 && !mayBeLate) {
          // Cleared away, if what gave it was over before; else somebody in between answers for
          // SkyPilot.
          if (finished) return
          finished = await outage.insist(over, signal)
        }
        if (finished) tries += error.passes ? 1 : LAST_TRIES
        // What is kept comes sooner or later; a cluster that is gone takes its jobs' output along.
        if (mayBeLate && tries >= LAST_FAULTS) return
      }
      if (given > before) pause = pace.first
      await pauseFor(pause, signal)
    }
  } finally {
    leaving.abort()
    await watching
  }

  /** Returns how to take what is behind the last line end, which may be half a line yet. */
  async function readOnce(): Promise<() => Promise<void>> {
    const decoder = lineDecoder()
    const own = select()
    let seen = 0
    const stopping = new AbortController()
    heard = performance.now()
    reading = stopping
    try {
      for await (const chunk of open(AbortSignal.any([signal, stopping.signal]))) {
        heard = performance.now()
        outage.fine()
        await give(own(decoder.push(chunk)))
        hear(heard)
      }
    } catch (error) {
      if (!stopping.signal.aborted) throw error
    } finally {
      reading = undefined
      hear(undefined)
    }
    return () => give(own(decoder.end()))

    async function give(raw: readonly RawLine[]): Promise<void> {
      const fresh: LaunchLine[] = []
      for (const line of raw.flatMap(withoutPayloads)) {
        if (!line.transient) seen += 1
        if (line.transient ? seen >= given : seen > given) fresh.push(line)
      }
      given = Math.max(given, seen)
      if (fresh.length > 0) await take(fresh)
    }
  }

  /** A stream that does not notice that it is over is ended when it has been silent for a while. */
  async function watch(): Promise<void> {
    const until = AbortSignal.any([signal, leaving.signal])
    try {
      while (!finished) {
        await pauseFor(every(), until)
        finished = await outage.insist(over, until)
      }
      for (;;) {
        await pauseFor(pace.grace / 4, until)
        if (performance.now() - heard >= pace.grace) reading?.abort()
      }
    } catch (error) {
      // Whoever reads is told of what is wrong: it is asked the same there.
      if (!until.aborted) throw error
    }
  }
}

/** A spinner is no line, nor is a proof of life: when a stream is read again they are others. */
function withoutPayloads(line: RawLine): RawLine[] {
  if (!line.text.includes('<sky-payload')) return [line]
  const { text, spinner, heartbeat } = cleanLine(line.text)
  const shown = spinner === undefined ? [] : [{ ...line, text: spinner, transient: true }]
  if (text === '') return heartbeat || spinner !== undefined ? shown : [line]
  return [...shown, { ...line, text }]
}

const BEGINNING = 'Waiting for task resources on '
const PREFIXED = /^(?:\x1b\[[0-9;]*m)*\([^\s(),]{1,128},? (?:rank=\d{1,6}, )?pid=\d{1,10}/
const LONGEST_HEAD = 50

/**
 * A job's log begins with SkyPilot's wait for resources. What comes before it is about the reading,
 * not the job's: that it is the latest job, that there is no log yet.
 */
export function jobLines(): (lines: readonly RawLine[]) => readonly RawLine[] {
  let begun = false
  const head: RawLine[] = []
  return (lines) => {
    if (begun) return lines
    for (const [at, line] of lines.entries()) {
      if (line.text.includes(BEGINNING)) {
        begun = true
        return lines.slice(at)
      }
      head.push(line)
      // Another version's log, which begins otherwise.
      if (PREFIXED.test(line.text) || head.length > LONGEST_HEAD) {
        begun = true
        return [...head, ...lines.slice(at + 1)]
      }
    }
    return []
  }
}
