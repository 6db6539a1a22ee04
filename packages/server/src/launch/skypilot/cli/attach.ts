import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LaunchState } from '@launchtail/client/protocol'
import { pauseFor } from '../../../async/retry.js'
import type { LaunchWord } from '../../../ingest/launch-line.js'
import { lineDecoder } from '../../../output/lines.js'
import { duration } from '../../duration.js'
import type { Launch, LaunchNews, Outcome } from '../../launcher.js'
import { readJson, type Supervisor } from '../../supervised/files.js'
import { lastLines } from '../../supervised/last-lines.js'
import { endSession, type Identity, isAlive } from '../../supervised/processes.js'
import { tail } from '../../supervised/tail.js'
import { newsOf } from '../channel.js'
import { clusterLost, jobEnded, leftBehind } from '../endings.js'
import type { Pace } from '../pace.js'
import { awaitReadiness } from '../readiness.js'
import { type CliEnd, cliFiles } from './files.js'
import { endpointOf, type SkyCommandOptions, skyDown } from './sky-command.js'

export interface CliAttachOptions {
  launch: Launch
  sky: SkyCommandOptions
  /** Where the server listens on the cluster. */
  port: number
  /** When it was asked for, in milliseconds since 1970. */
  at: number
  state: LaunchState
  launchTimeout: number
  pace: Pace
  /** Starts the supervisor anew, which goes on where the last one was. */
  restart: () => Promise<Identity>
  signal: AbortSignal
}

/** How often the output is looked at: a line is out soon after it is written. */
const POLL = 20
/** How often it is looked for the supervisor's process, in polls. */
const POLLS_PER_CHECK = 25

/** Follows a launch through the `sky` command by the files in its folder. */
export function attach(options: CliAttachOptions): AsyncGenerator<LaunchNews, Outcome | undefined> {
  return newsOf((push, signal) => follow({ ...options, signal }, push), options.signal)
}

async function follow(
  { launch, sky, port, at, state, launchTimeout, pace, restart, signal }: CliAttachOptions,
  push: (news: LaunchNews) => Promise<void>,
): Promise<Outcome | undefined> {
  const { clusterName: cluster, folder } = launch
  const files = cliFiles(folder)
  const decoder = lineDecoder()
  const output = tail(files.output)
  const last = lastLines()
  const leaving = new AbortController()
  const within = AbortSignal.any([signal, leaving.signal])
  const deadline = performance.now() + launchTimeout - Math.max(0, Date.now() - at)
  let heard = performance.now()
  let active = state.phase === 'active'
  let ready: Promise<void> | undefined
  let leader = readJson<Supervisor>(files.supervisor)
  // One that dies again and again is not to keep the machine busy.
  let rest = pace.first
  let resting = Number.NEGATIVE_INFINITY
  try {
    for (let poll = 0; ; poll += 1) {
      signal.throwIfAborted()
      // Asked before the read, so that the read gets all there is to be had.
      const end = readJson<CliEnd>(files.end)
      await readOn()
      if (end) {
        const rest = decoder.end()
        last.see(rest)
        if (rest.length > 0) await push({ type: 'lines', lines: rest })
        return await cleanedUp(outcome(reason(end)))
      }
      if (!ready && existsSync(files.launched)) ready = whenReady()
      if (poll % POLLS_PER_CHECK === 0 && !(leader && isAlive(leader)) && !existsSync(files.end)) {
        if (leader) await endSession(leader)
        if (!existsSync(files.launched)) {
          const gone = 'the process that ran `sky launch` is gone; what it had started was ended'
          return await cleanedUp(outcome(gone))
        }
        if (performance.now() >= resting) {
          leader = { ...(await restart()), at: Date.now() }
          resting = performance.now() + rest
          rest = Math.min(rest * 2, pace.longest)
        }
      }
      if (!active && performance.now() > deadline) {
        if (leader) await endSession(leader)
        return await cleanedUp(outcome(`not ready within ${duration(launchTimeout)}`))
      }
      await sleep(POLL)
    }
  } finally {
    leaving.abort()
    await output.close()
    await ready?.catch(() => {})
  }

  async function readOn(): Promise<void> {
    for (;;) {
      const bytes = await output.next()
      if (bytes.length === 0) return
      heard = performance.now()
      const lines = decoder.push(bytes)
      last.see(lines)
      if (lines.length > 0) await push({ type: 'lines', lines })
    }
  }

  async function whenReady(): Promise<void> {
    const asking = awaitReadiness({
      ...{ state, pace, signal: within },
      // Where `sky` cannot even be started it is asked again, as where it does not know.
      endpointOf: (stop) => endpointOf(sky, { cluster, port, signal: stop }).catch(() => undefined),
      async say(word: LaunchWord) {
        if (word.phase === 'active') active = true
        await outputCaughtUp()
        await push({ type: 'word', draft: word })
      },
    })
    // Nothing else may end for it: without an answer the launch's time runs out.
    await asking.catch(() => {})
  }

  /** The server answers sooner than its output is read, which tells what came before. */
  async function outputCaughtUp(): Promise<void> {
    const since = performance.now()
    let silent = since
    while (performance.now() - since < pace.grace) {
      silent = existsSync(files.reading) ? Math.max(silent, heard) : performance.now()
      if (performance.now() - silent >= pace.quiet) return
      await pauseFor(pace.quiet / 5, within)
    }
  }

  function reason({ step, code, gone, fault }: CliEnd): string {
    if (fault !== undefined) return `\`sky ${step === 'launch' ? 'launch' : 'logs'}\`: ${fault}`
    if (gone) return clusterLost(launch)
    if (step === 'launch') {
      const how = code === null ? 'was ended' : `failed with exit code ${code}`
      return `\`sky launch\` ${how}`
    }
    const status = code === 0 ? 'SUCCEEDED' : code === 103 ? 'CANCELLED' : 'FAILED'
    return jobEnded(status, active)
  }

  function outcome(message: string): Outcome {
    const lines = last.all()
    return lines.length > 0 ? { message, details: lines.join('\n') } : { message }
  }

  /** What costs money is not left behind; where it is, the log says so. */
  async function cleanedUp(ended: Outcome): Promise<Outcome> {
    const enough = AbortSignal.any([signal, AbortSignal.timeout(pace.cleanup)])
    try {
      await skyDown(sky, cluster, enough)
      return ended
    } catch (error) {
      signal.throwIfAborted()
      const why = enough.aborted ? 'it takes its time' : (error as Error).message
      return leftBehind(ended, cluster, why)
    }
  }
}
