import { childSignal } from '@launchtail/client/async'
import type { LaunchLine } from '../../../ingest/launch-line.js'
import { cleanLine } from '../../../output/clean.js'
import { lineDecoder, type RawLine } from '../../../output/lines.js'
import { createLineCount } from '../line-count.js'
import type { Outage } from './outage.js'

export interface ReadingOptions {
  /** Opens the output at its beginning. */
  open: (signal: AbortSignal) => AsyncGenerator<Buffer, void>
  /** Takes lines that were not given before, in their order. */
  take: (lines: readonly LaunchLine[]) => Promise<void>
  /** Called with the time of each piece that comes, and with undefined when a reading ends. */
  hear?: (at: number | undefined) => void
  /** Made for each reading: leaves out lines that are not the output's own. */
  select?: () => (lines: readonly RawLine[]) => readonly RawLine[]
  outage: Outage
  signal: AbortSignal
}

export interface Readings {
  /** Reads the output once, from its beginning to its end. */
  next(): Promise<Read>
  /** How many final lines were given. */
  given(): number
  /** Ends the reading at hand if nothing came for so many milliseconds. */
  cutWhenSilent(ms: number): void
}

export interface Read {
  /** True where nothing came any more, and it was not waited for. */
  readonly isCut: boolean
  /** Takes what is behind the last line end, which may be half a line yet. */
  takeRest(): Promise<void>
}

/** Reads an output over and over, and gives each of its lines once. */
export function createReadings({
  open,
  take,
  hear = () => {},
  select = () => (lines) => lines,
  outage,
  signal,
}: ReadingOptions): Readings {
  const count = createLineCount()
  let heard = performance.now()
  let cut: (() => void) | undefined
  return { next, given: count.given, cutWhenSilent }

  async function next(): Promise<Read> {
    const decoder = lineDecoder()
    const own = select()
    const unseen = count.reading()
    const reading = childSignal(signal)
    let isCut = false
    heard = performance.now()
    cut = () => {
      isCut = true
      reading.abort()
    }
    try {
      for await (const chunk of open(reading.signal)) {
        heard = performance.now()
        outage.fine()
        await give(decoder.push(chunk))
        hear(heard)
      }
    } catch (error) {
      if (!isCut) throw error
    } finally {
      cut = undefined
      reading.release()
      hear(undefined)
    }
    return { isCut, takeRest: () => give(decoder.end()) }

    async function give(lines: readonly RawLine[]): Promise<void> {
      const fresh = unseen(own(lines).flatMap(withoutPayloads))
      if (fresh.length > 0) await take(fresh)
    }
  }

  function cutWhenSilent(ms: number): void {
    if (performance.now() - heard >= ms) cut?.()
  }
}

/** Spinners and heartbeats are no lines: they differ from one reading to the next. */
function withoutPayloads(line: RawLine): RawLine[] {
  if (!line.text.includes('<sky-payload')) return [line]
  const { text, spinner, heartbeat } = cleanLine(line.text)
  const shown = spinner === undefined ? [] : [{ ...line, text: spinner, transient: true }]
  if (text === '') return heartbeat || spinner !== undefined ? shown : [line]
  return [...shown, { ...line, text }]
}
