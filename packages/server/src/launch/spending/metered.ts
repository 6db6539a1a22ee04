import { type LogEntry, phaseOrder } from '@launchtail/client/protocol'
import type { LaunchLine, LaunchWord } from '../../ingest/launch-line.js'
import { attemptOpenedBy } from '../../logs/attempt-entries.js'
import { cleanLine } from '../../output/clean.js'
import { createReader } from '../../output/interpret/index.js'
import { BEGINNING } from '../attempts/attempt-lines.js'
import type { Launcher, LaunchNews, Outcome } from '../launcher.js'
import { chosenPlaces } from '../skypilot/considered.js'

/** Is told what the output of an attempt says about its price and its machines. */
export interface Meter {
  /** False once the machines are known: nothing before them is read again. */
  isOpen(): Promise<boolean>
  /** The price of an hour at the place that was chosen last; undefined where none is known. */
  priced(price: number | undefined): Promise<void>
  /** The machines are up. */
  up(): Promise<void>
  /** SkyPilot itself begins this attempt, because it has lost the machines of the one before. */
  begins(): Promise<void>
}

type News = ReturnType<Launcher['attach']>
type MeterOf = (attempt: number) => Meter

/**
 * The launcher, whose output also tells the meter of this attempt, and then those of the attempts that SkyPilot
 * itself makes. Output that is read again tells them the same.
 */
export function metered(launcher: Launcher, meterOf: MeterOf, attempt: number): Launcher {
  return {
    ...launcher,
    attach: (launch, handle, options) =>
      readNews(launcher.attach(launch, handle, options), meterOf, attempt),
  }
}

async function* readNews(
  news: News,
  meterOf: MeterOf,
  first: number,
): AsyncGenerator<LaunchNews, Outcome | undefined> {
  const chosen = chosenPlaces()
  let meter = meterOf(first)
  let reader = createReader()
  let state = BEGINNING
  try {
    let isOpen = await meter.isOpen()
    for (;;) {
      const { done, value } = await news.next()
      if (done) return value
      for (const attempt of wordsOf(value).flatMap(attemptIn)) {
        meter = meterOf(attempt)
        await meter.begins()
        reader = createReader()
        state = BEGINNING
        isOpen = await meter.isOpen()
      }
      if (isOpen) isOpen = await read(value)
      yield value
    }
  } finally {
    await news.return(undefined)
  }

  /** False once the machines are up. */
  async function read(found: LaunchNews): Promise<boolean> {
    if (found.type === 'lines') for (const line of found.lines) await readLine(line)
    else if (found.draft.phase !== undefined) {
      const { phase, progress = state.progress } = found.draft
      if (phaseOrder(phase) > phaseOrder(state.phase)) state = { phase, progress }
    }
    if (phaseOrder(state.phase) < phaseOrder('instance_ready')) return true
    await meter.up()
    return false
  }

  async function readLine({ text: raw, transient }: LaunchLine): Promise<void> {
    const place = transient ? undefined : chosen(raw)
    if (place) await meter.priced(place.price_per_hour)
    state = reader.read(state, { text: cleanLine(raw).text })?.state ?? state
  }
}

function wordsOf(found: LaunchNews): LaunchWord[] {
  if (found.type !== 'lines') return [found.draft]
  return found.lines.flatMap(({ word }) => word ?? [])
}

/** The attempt that is opened by it, if one is. */
function attemptIn({ level, message, details }: LaunchWord): number[] {
  if (level !== 'warn' || details === undefined) return []
  const opened = attemptOpenedBy({ level, message, details } as LogEntry)
  return opened ? [opened.number] : []
}
