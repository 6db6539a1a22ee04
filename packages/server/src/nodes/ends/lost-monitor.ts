import { startRounds } from '../../async/rounds.js'
import { type Duty, SOLE_DUTY } from '../../database/duty.js'
import type { LogStore } from '../../logs/store.js'
import type { SentIn, SentInLaunch } from '../sent-in.js'
import type { Ends } from './ends.js'
import { lostEnd } from './lost.js'
import type { Signs } from './signs.js'

export interface LostMonitorOptions {
  sentIn: SentIn
  signs: Signs
  ends: Pick<Ends, 'setWhile'>
  store: Pick<LogStore, 'length'>
  onFault: (message: string, error: unknown) => void
  /** Where servers share the records, one of them looks, and the others tell it of their signs. */
  duty?: Pick<Duty, 'isOurs'>
  /** For how long signs may be on their way to it, in milliseconds. */
  lag?: number
  /** A monotonic clock, in milliseconds. */
  clock?: () => number
  /** Milliseconds between two rounds. */
  every?: number
}

export interface LostMonitor {
  /** Checks every launch that may be lost. */
  check(): Promise<void>
  stop(): Promise<void>
}

/** A round counts as this many at most: while the server is suspended, it hears nobody. */
const LONGEST_ROUND = 3
/** A shorter silence is not stored, so that launches that are alive cost no writes. */
const STORED_FROM = 45_000

interface Heard {
  readonly entries: number
  readonly signs: number
  readonly silence: number
}

/**
 * Ends launches for which nothing has been sent for too long. Any sign counts: an entry, output, an open
 * body, a beat. Silence is the time during which the server was there to hear something: it is stored,
 * so that a restart neither forgets it nor adds to it.
 */
export function startLostMonitor({
  sentIn,
  signs,
  ends,
  store,
  onFault,
  duty = SOLE_DUTY,
  lag = 0,
  clock = () => performance.now(),
  every = 5000,
}: LostMonitorOptions): LostMonitor {
  let heard = new Map<string, Heard>()
  let last = clock()
  const { now: check, stop } = startRounds(checkOnce, {
    every,
    onFault: (error) => onFault('looking for launches that are lost', error),
  })
  return { check, stop }

  async function checkOnce(): Promise<void> {
    const elapsed = Math.min(clock() - last, LONGEST_ROUND * every)
    last = clock()
    const before = heard
    heard = new Map()
    const isHeard = signs.take()
    if (!duty.isOurs()) return passOn(isHeard)
    await sentIn.forgetEnded()
    for (const launch of await sentIn.launching()) {
      const { nodeId, entries, lostAfter, silence: stored, signs: told } = launch
      if (lostAfter === undefined) continue
      const silence = isHeard(nodeId) ? 0 : silenceOf(launch, before.get(nodeId), elapsed)
      heard.set(nodeId, { entries, silence, signs: told })
      try {
        if (silence > lostAfter + lag) await lose(launch, silence)
        else if (silence >= STORED_FROM || (silence === 0 && stored > 0)) {
          await sentIn.storeSilence(nodeId, silence)
        }
      } catch (error) {
        onFault(`the end of ${nodeId}, which is lost`, error)
      }
    }
  }

  async function passOn(isHeard: (nodeId: string) => boolean): Promise<void> {
    const launches = await sentIn.launching()
    await sentIn.passOn(launches.map(({ nodeId }) => nodeId).filter(isHeard))
  }

  async function lose({ nodeId, entries }: SentInLaunch, silence: number): Promise<void> {
    // The record may lack what another program has just appended to the list.
    if ((await store.length(nodeId)) > entries) return
    await ends.setWhile(nodeId, () => !signs.has(nodeId), lostEnd(silence))
  }
}

function silenceOf(
  { entries, stalled, silence: stored, signs }: SentInLaunch,
  before: Heard | undefined,
  elapsed: number,
): number {
  if (!before) return stored
  // A notice that the launch stalls is the server's own.
  const isNew = (entries !== before.entries && !stalled) || signs !== before.signs
  return isNew ? 0 : before.silence + elapsed
}
