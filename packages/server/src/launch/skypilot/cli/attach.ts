import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { childSignal } from '@launchtail/client/async'
import type { LaunchState } from '@launchtail/client/protocol'
import type { LaunchWord } from '../../../ingest/launch-line.js'
import type { RawLine } from '../../../output/lines.js'
import type { Launch, LaunchNews, Outcome } from '../../launcher.js'
import { notReady } from '../../readiness/not-ready.js'
import { withoutProbeLines } from '../../readiness/probe-lines.js'
import { readinessOf } from '../../readiness/readiness.js'
import { lastLines } from '../../supervised/last-lines.js'
import { outputLines } from '../../supervised/output-lines.js'
import type { Identity } from '../../supervised/processes.js'
import { readJson } from '../../supervised/read-json.js'
import { SpoiltFile } from '../../supervised/spoilt-file.js'
import { newsOf } from '../channel.js'
import { cleanUp } from '../clean-up.js'
import { clusterLost, jobEnded } from '../endings.js'
import { keepCluster } from '../keep-cluster.js'
import { probeMark } from '../node-probe/mark.js'
import { probeReports } from '../node-probe/report.js'
import { WITHOUT_PORTS } from '../opens-ports.js'
import type { Pace } from '../pace.js'
import { announceReadiness } from './announce-readiness.js'
import { type CliEnd, cliEndFile, cliFiles, launchedFile } from './files.js'
import type { SkyCommandOptions } from './run-sky.js'
import { isClusterUp, skyDown } from './sky-command.js'
import { watchSupervisor } from './supervision.js'

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
  /** Starts the supervisor again, which goes on where the last one was. */
  restart: () => Promise<Identity>
  signal: AbortSignal
}

/** Milliseconds between two looks at the output: a line is out soon after it is written. */
const POLL = 20
/** Every so many of these, the supervisor's process is looked for. */
const POLLS_PER_CHECK = 25

/** Follows a launch through the `sky` command by the files in its folder. */
export function attach(options: CliAttachOptions): AsyncGenerator<LaunchNews, Outcome | undefined> {
  return newsOf((push, signal) => follow({ ...options, signal }, push), options.signal)
}

type Push = (news: LaunchNews) => Promise<void>

async function follow(options: CliAttachOptions, push: Push): Promise<Outcome> {
  const { launch, sky, launchTimeout, pace, signal } = options
  const { clusterName: cluster, folder } = launch
  const files = cliFiles(folder)
  const output = outputLines(files.output)
  const last = lastLines()
  const reports = probeReports(probeMark(folder).printed)
  const readiness = readinessOf(launch.request)
  const { timeout = launchTimeout } = readiness
  let complaint: string | undefined
  const probing = childSignal(signal)
  const say = (draft: LaunchWord) => push({ type: 'word', draft })
  const supervisor = watchSupervisor(options)
  const deadline = performance.now() + timeout - Math.max(0, Date.now() - options.at)
  let active = options.state.phase === 'active'
  let ready: Promise<void> | undefined
  let saidPortless = existsSync(files.portless)
  try {
    const outcome = last.outcome(await untilItEnds().catch(whenSpoilt))
    const takeDown = (within: AbortSignal) =>
      skyDown(sky, { cluster, timeout: pace.command, signal: within })
    const isUp = (within: AbortSignal) =>
      isClusterUp(sky, { cluster, timeout: pace.command, signal: within })
    const kept = await keepCluster({ launch, outcome, isUp, pace, signal })
    return kept ?? (await cleanUp({ outcome, cluster, takeDown, pace, signal }))
  } finally {
    probing.abort()
    await output.close()
    await ready
  }

  /** Returns why it is over. */
  async function untilItEnds(): Promise<string> {
    for (let poll = 0; ; poll += 1) {
      signal.throwIfAborted()
      // Looked for before the read, so that the read gets all there is.
      const end = readJson(files.end, cliEndFile)
      for (let lines = await output.next(); lines; lines = await output.next()) await take(lines)
      if (end) {
        await take(output.rest())
        return endReason(end)
      }
      if (!saidPortless && existsSync(files.portless)) {
        saidPortless = true
        await say(WITHOUT_PORTS)
      }
      if (!ready && readJson(files.launched, launchedFile)) {
        ready = announceReadiness({
          ...{ ...options, files, readiness, say, heardAt: output.heardAt, report: reports.newest },
          signal: probing.signal,
          onComplaint(found) {
            complaint = found
          },
          onReady() {
            active = true
          },
        })
      }
      if (poll % POLLS_PER_CHECK === 0 && (await supervisor.check()) === 'lost') {
        return 'the process that ran `sky launch` is gone; what it had started was ended'
      }
      if (!active && performance.now() > deadline) {
        await supervisor.end()
        return notReady(timeout, complaint)
      }
      await sleep(POLL)
    }
  }

  async function whenSpoilt(error: unknown): Promise<string> {
    if (!(error instanceof SpoiltFile)) throw error
    await supervisor.end()
    return error.message
  }

  async function take(given: readonly RawLine[]): Promise<void> {
    const lines = withoutProbeLines(reports.take(given))
    last.see(lines)
    if (lines.length > 0) await push({ type: 'lines', lines })
  }

  function endReason({ step, code, gone, fault }: CliEnd): string {
    if (fault !== undefined) return `\`sky ${step === 'launch' ? 'launch' : 'logs'}\`: ${fault}`
    if (gone) return clusterLost(launch)
    if (step === 'launch') {
      return `\`sky launch\` ${code === null ? 'was ended' : `failed with exit code ${code}`}`
    }
    const status = code === 0 ? 'SUCCEEDED' : code === 103 ? 'CANCELLED' : 'FAILED'
    return jobEnded(status, active)
  }
}
