import { backOff } from '@launchtail/client/async'
import { pauseFor, retry } from '../async/retry.js'
import { OffsetLost, type PipelineOffset } from '../ingest/offsets.js'
import { createPipeline } from '../ingest/pipeline.js'
import type { Appender } from '../logs/appender.js'
import type { LogStore } from '../logs/store.js'
import { createRedactor } from '../output/redact/index.js'
import type { Launch, Launcher, Outcome } from './launcher.js'

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

/** A list that was written to this lately has not expired: where it is empty, it was lost. */
const RECENT = 10 * 60_000
const PAUSES = { first: 1000, longest: 30_000 }
/** Offsets expire with the lists; a node that says nothing for a day is not to begin again. */
const RENEW_EVERY = 60_000

/**
 * Brings a launch's output into its log until the launch is over, and tells why it is, in the
 * launcher's words; undefined when the signal aborts first. Whatever goes wrong here is no fault of the
 * launch: it begins again from the log's state.
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
        if (error instanceof OffsetLost) await mend(error)
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
   * The end of a list that was lost (with a Redis that failed over) is in the output and comes into
   * it again. What has expired does not: there the offset is set to where it was.
   */
  async function mend({ of, expected, position }: OffsetLost): Promise<void> {
    if (position > 0) return
    const length = await retry(() => store.length(launch.nodeId), { signal })
    if (length === 0 && performance.now() - stored < RECENT) return
    const offset = { name: offsetName(source, of), from: position, to: expected }
    await retry(() => appender.append(launch.nodeId, [], { offset }), { signal })
  }
}

/** The name of a launch's offset, of which it has one for its lines and one for its words. */
export function offsetName(
  source: string,
  of: PipelineOffset['of'] | 'begin' | 'end' | 'owner',
): string {
  return of === 'lines' ? source : `${source}:${of}`
}

async function followOnce(
  { launch, launcher, handle, source, secrets, store, appender, signal }: FollowOptions,
  onStored: () => void,
): Promise<Outcome | undefined> {
  const { nodeId } = launch
  const offsets = { lines: offsetName(source, 'lines'), words: offsetName(source, 'words') }
  const state = await retry(() => appender.state(nodeId), { signal })
  const at = {
    lines: await retry(() => store.offset(nodeId, offsets.lines), { signal }),
    words: await retry(() => store.offset(nodeId, offsets.words), { signal }),
  }
  const pipeline = createPipeline({
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
  const news = launcher.attach(launch, handle, { state, signal })
  // A fault of it comes up with the next line.
  const renewing = setInterval(() => void pipeline.renew().catch(() => {}), RENEW_EVERY)
  try {
    for (;;) {
      const { done, value } = await news.next()
      if (done) {
        await pipeline.end()
        return value
      }
      if (value.type === 'lines') await pipeline.take(value.lines)
      else await pipeline.say(value.draft)
    }
  } finally {
    clearInterval(renewing)
    pipeline.cancel()
    await news.return(undefined)
  }
}
