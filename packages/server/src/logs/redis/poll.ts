import type { Watchers } from '../watchers.js'
import type { Commands } from './commands.js'
import type { Health } from './health.js'
import type { Asked, Excerpt, Reading } from './reading.js'
import { isTimeout } from './time-out.js'

/** Looks at the watched lists, for writers that do not announce; and finds out whether Redis is there. */
export interface Poll {
  /** Looks now; takes part in the look that is under way. */
  look(): Promise<void>
  /** Looks now, and once more where the look that is under way fails. */
  recover(): void
  start(): void
  stop(): void
}

export interface PollOptions {
  commands: Commands
  reading: Pick<Reading, 'readEach' | 'lengths'>
  watchers: Watchers
  health: Health
  /** Milliseconds between looks. */
  interval: number
  /** Called when a list has entries that were not announced. */
  onUnannounced: (nodeId: string) => void
  onFault: (message: string, error?: unknown) => void
}

/**
 * The most that is taken from a list at a look: looks at a thousand lists are answered at once.
 * Where there is more, the watcher reads on by itself.
 */
const LIMIT = 500
const BYTES = 32 * 1024
/**
 * A read of a thousand lists takes 15 ms of Redis and as much of this process, during which no entry
 * is sent on. So a look asks for their lengths, which takes a twentieth of that, and reads those
 * that are longer or shorter than what is known of them. This many are read in turn, for one may have
 * been replaced by another of the same length, or lack a time to live.
 */
const READ_IN_TURN = 32
/** Milliseconds between looks while Redis is out of reach. */
const RECOVERY_EVERY = 250
/** A connection that leaves so many looks in a row unanswered is replaced. */
const UNANSWERED = 2

export function createPoll(options: PollOptions): Poll {
  const { commands, reading, watchers, health, interval, onUnannounced, onFault } = options
  let looking: Promise<void> | undefined
  /** The first of the lists that the next look reads in turn. */
  let inTurn = 0
  let unanswered = 0
  let timers: NodeJS.Timeout[] = []
  return {
    look,
    recover: () => void recover(),
    start() {
      const recovery = () => {
        if (!health.isUp()) void look()
      }
      timers = [
        setInterval(() => void look(), interval),
        setInterval(recovery, Math.min(interval, RECOVERY_EVERY)),
      ]
      for (const timer of timers) timer.unref()
    },
    stop() {
      for (const timer of timers) clearInterval(timer)
    },
  }

  /** A look from before the connection was made anew may fail with the old one. */
  async function recover(): Promise<void> {
    await look()
    if (!health.isUp()) await look()
  }

  function look(): Promise<void> {
    looking ??= lookAtAll().finally(() => {
      looking = undefined
    })
    return looking
  }

  /** Reads what may have changed, each list from its watcher's own newest entry. */
  async function lookAtAll(): Promise<void> {
    let asked: Asked[]
    let answers: (Excerpt | Error)[]
    try {
      ;[asked, answers] = await commands.inTime(readChanged())
    } catch (error) {
      failed(error)
      return
    }
    unanswered = 0
    health.found()
    for (const [i, { nodeId, from }] of asked.entries()) {
      const answer = answers[i]
      // A key of another type says nothing to its watchers; their own reads tell them.
      if (answer && !(answer instanceof Error)) tell(nodeId, from, answer)
    }
  }

  async function readChanged(): Promise<[Asked[], (Excerpt | Error)[]]> {
    const nodeIds = [...watchers.nodeIds()]
    if (inTurn >= nodeIds.length) inTurn = 0
    const due = nodeIds.slice(inTurn, inTurn + READ_IN_TURN)
    const others = [...nodeIds.slice(0, inTurn), ...nodeIds.slice(inTurn + READ_IN_TURN)]
    inTurn += READ_IN_TURN
    const lengths = await reading.lengths(others)
    const changed = others.filter((nodeId, i) => lengths[i] !== newestOf(nodeId) + 1)
    const asked = [...due, ...changed].map((nodeId) => {
      return { nodeId, from: Math.max(0, newestOf(nodeId)), limit: LIMIT, bytes: BYTES }
    })
    return [asked, await reading.readEach(asked)]
  }

  /** A process has one watcher for a list; a second one can use the same news. */
  function newestOf(nodeId: string): number {
    const [first] = watchers.of(nodeId)
    return first?.position() ?? -1
  }

  function tell(nodeId: string, from: number, { texts, length }: Excerpt): void {
    watchers.tell(nodeId, (watcher) => {
      if (texts.length > 1 && watcher.position() === from) onUnannounced(nodeId)
      if (texts.length === 0 && watcher.position() >= 0) watcher.changed()
      else watcher.appended({ index: from, previous: undefined, texts })
      // It reads on by itself, until it has all.
      if (texts.length > 0 && from + texts.length < length) watcher.changed()
    })
  }

  /**
   * A connection can hang for a quarter of an hour before the system reports it. A new one shows
   * whether it is Redis that hangs.
   */
  function failed(error: unknown): void {
    if (health.isUp()) onFault('redis poll', error)
    if (isTimeout(error)) health.lost()
    else health.cut()
    unanswered = isTimeout(error) ? unanswered + 1 : 0
    if (unanswered < UNANSWERED) return
    unanswered = 0
    commands.redis.disconnect(true)
  }
}
