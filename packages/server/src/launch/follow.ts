import { backOff } from '@launchtail/client/async'
import { pauseFor, retry } from '../async/retry.js'
import { OffsetLost } from '../ingest/offsets.js'
import { createPipeline } from '../ingest/pipeline.js'
import type { Appender } from '../logs/appender.js'
import type { LogStore } from '../logs/store.js'
import { createRedactor } from '../output/redact/index.js'
import type { Launch, Launcher, Outcome } from './launcher.js'
import { offsetName } from './offset-name.js'
import { withSmoke } from './smoke/with-smoke.js'

export interface FollowOptions {
  launch: Launch
  launcher: Launcher
  handle: unknown
  /** The name of the launch's offset in the node's log. */
  source: string
  secrets: readonly string[]
  store: LogStore
  appender: Appender
  signal: AbortSignal
  onFault: (message: string, error: unknown) => void
}

/** A list that was written to so recently has not expired: if it is empty, it was lost. */
const RECENT = 10 * 60_000
const PAUSES = { first: 1000, longest: 30_000 }
/** Offsets expire with the lists. A node that prints nothing for a day must not start over. */
const RENEW_EVERY = 60_000

/**
 * Brings a launch's output into its log until the launch is over, and returns its outcome; undefined
 * if the signal aborts first. A fault on the way is not the launch's: following starts again from
 * what the log contains.
 */
export async function followLaunch(options: FollowOptions): Promise<Outcome | undefined> {
  const { launch, source, store, appender, signal, onFault } = options
  let stored = Number.NEGATIVE_INFINITY
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await followOnce(options, () => {
        stored = performance.now()
        attempt = 0
      })
    } catch (error) {
      if (signal.aborted) return undefined
      try {
        if (error instanceof OffsetLost) await restore(error)
        else {
          onFault(`following the launch of ${launch.nodeId}`, error)
          await pauseFor(backOff(attempt, PAUSES), signal)
        }
      } catch (fault) {
        if (signal.aborted) return undefined
        throw fault
      }
    }
  }

  /**
   * If the list lost its end (in a failover of Redis), the output still has it, and it is stored
   * again. If the list has expired, nothing is stored again: the offset is set to where it was.
   */
  async function restore({ of, expected, position }: OffsetLost): Promise<void> {
    if (position > 0) return
    const length = await retry(() => store.length(launch.nodeId), { signal })
    if (length === 0 && performance.now() - stored < RECENT) return
    const offset = { name: offsetName(source, of), from: position, to: expected }
    await retry(() => appender.append(launch.nodeId, [], { offset }), { signal })
  }
}

async function followOnce(
  options: FollowOptions,
  onStored: () => void,
): Promise<Outcome | undefined> {
  const { launch, launcher, handle, signal } = options
  const pipeline = await openPipeline(options, onStored)
  const news = withSmoke({ launcher, launch, handle, state: pipeline.state(), signal })
  // A fault of a renewal comes up again with the next line.
  const renewing = setInterval(() => void pipeline.renew().catch(() => {}), RENEW_EVERY)
  try {
    for (;;) {
      const { done, value } = await news.next()
      if (done) {
        await pipeline.end()
        return value
      }
      if (value.type === 'lines') await pipeline.take(value.lines)
      else if (value.type === 'step') await pipeline.reach(value.draft)
      else await pipeline.say(value.draft)
    }
  } finally {
    clearInterval(renewing)
    pipeline.cancel()
    await news.return(undefined)
  }
}

/** A pipeline into the launch's log that goes on where the log is. */
async function openPipeline(
  { launch, source, secrets, store, appender, signal }: FollowOptions,
  onStored: () => void,
) {
  const { nodeId } = launch
  const offsets = { lines: offsetName(source, 'lines'), words: offsetName(source, 'words') }
  const state = await retry(() => appender.state(nodeId), { signal })
  const at = {
    lines: await retry(() => store.offset(nodeId, offsets.lines), { signal }),
    words: await retry(() => store.offset(nodeId, offsets.words), { signal }),
  }
  return createPipeline({
    state,
    at,
    signal,
    redactor: createRedactor({ values: secrets }),
    async append(drafts, { of, from, to }) {
      const offset = { name: offsets[of], from, to }
      const answer = await appender.append(nodeId, drafts, { offset, redacted: of === 'lines' })
      if (answer.outcome === 'stored') onStored()
      return answer
    },
  })
}
