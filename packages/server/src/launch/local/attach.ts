import { setTimeout as sleep } from 'node:timers/promises'
import type { LaunchState } from '@launchtail/client/protocol'
import type { LaunchLine } from '../../ingest/launch-line.js'
import type { RawLine } from '../../output/lines.js'
import type { LaunchNews, Outcome } from '../launcher.js'
import { notReady } from '../readiness/not-ready.js'
import { withoutProbeLines } from '../readiness/probe-lines.js'
import type { Readiness } from '../readiness/readiness.js'
import { endFile, filesOf, supervisorFile } from '../supervised/files.js'
import { lastLines } from '../supervised/last-lines.js'
import { outputLines } from '../supervised/output-lines.js'
import type { Identity } from '../supervised/processes.js'
import { readJson } from '../supervised/read-json.js'
import { SpoiltFile } from '../supervised/spoilt-file.js'
import { wordOf } from '../supervised/words.js'
import { endLaunch } from './end-launch.js'
import { endReason } from './end-reason.js'
import { watchProgress } from './progress.js'
import { supervisorLoss } from './supervisor-loss.js'

export interface AttachOptions {
  folder: string
  /** The supervisor. */
  leader: Identity
  readiness: Readiness
  state: LaunchState
  signal: AbortSignal
  /** Milliseconds a launch has to become ready, unless its readiness says otherwise. */
  launchTimeout: number
  probeInterval: number
}

/** Milliseconds between two looks at the output: a line is out soon after it is written. */
const POLL = 20
/** Every so many of these, the supervisor's process is looked for. */
const POLLS_PER_CHECK = 10
/** An output that never pauses must not hold up the probe and the deadline. */
const PIECES_PER_POLL = 16

/**
 * Follows a local launch by the files in its folder: the output from its beginning, what the probe
 * finds, and the end. Everything that was written comes before the outcome.
 */
export async function* attach({
  folder,
  leader,
  readiness,
  state,
  signal,
  launchTimeout,
  probeInterval,
}: AttachOptions): AsyncGenerator<LaunchNews, Outcome | undefined> {
  const files = filesOf(folder)
  const { timeout = launchTimeout } = readiness
  const output = outputLines(files.output)
  const leaving = new AbortController()
  const last = lastLines()
  const loss = supervisorLoss({ own: files.own, leader })
  const progress = watchProgress({
    state,
    run: files.run,
    readiness,
    interval: probeInterval,
    signal: leaving.signal,
  })
  let failure: string | undefined
  try {
    // By the wall clock up to here, as another process may have started it; without it from here on.
    const begun = readJson(files.supervisor, supervisorFile)?.at ?? Date.now()
    const deadline = performance.now() + timeout - Math.max(0, Date.now() - begun)
    for (let poll = 0; !signal.aborted; poll += 1) {
      // Looked for before the read, so that the read gets all there is.
      const end = readJson(files.end, endFile)
      const gone = !end && poll % POLLS_PER_CHECK === 0 && loss.isLost()
      if (gone) await endLaunch(folder, leader)
      const over = end !== undefined || gone
      for (let pieces = 0; over || pieces < PIECES_PER_POLL; pieces += 1) {
        const lines = await output.next()
        if (!lines) break
        yield* told(lines)
        if (signal.aborted) return undefined
      }
      if (over) {
        yield* told(output.rest())
        // The supervisor may have written it as the last thing it did, after it was looked for.
        const written = end ?? readJson(files.end, endFile)
        // Whoever wrote it, nothing of the launch runs on when it is over.
        await endLaunch(folder, leader)
        const reason = written ? endReason(written, progress.isActive()) : loss.reason()
        return last.outcome(failure ?? reason)
      }
      for (const draft of progress.news()) yield { type: 'word', draft }
      if (!progress.isActive() && performance.now() > deadline && failure === undefined) {
        failure = notReady(timeout, progress.complaint())
        await endLaunch(folder, leader)
      }
      // Rejects when the signal aborts, which the loop looks at next.
      await sleep(POLL, undefined, { signal }).catch(() => {})
    }
    return undefined
  } catch (error) {
    if (!(error instanceof SpoiltFile)) throw error
    await endLaunch(folder, leader)
    return last.outcome(error.message)
  } finally {
    leaving.abort()
    await output.close()
  }

  function* told(lines: readonly RawLine[]): Generator<LaunchNews> {
    const news = withoutProbeLines(lines).map(toldOf)
    last.see(news.filter(({ word }) => !word))
    if (news.length > 0) yield { type: 'lines', lines: news }
  }
}

function toldOf(line: RawLine): LaunchLine {
  const word = wordOf(line.text)
  return word ? { ...line, word } : line
}
