import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LaunchState } from '@launchtail/client/protocol'
import { phaseOrder } from '@launchtail/client/protocol'
import { CHECKING, type LaunchLine, readyAt } from '../../ingest/launch-line.js'
import { lineDecoder, type RawLine } from '../../output/lines.js'
import { duration } from '../duration.js'
import type { LaunchNews, Outcome } from '../launcher.js'
import { type Probe, startProbe } from '../probe.js'
import { type End, filesOf, type Run, readJson, type Supervisor } from '../supervised/files.js'
import { lastLines } from '../supervised/last-lines.js'
import { endSession, type Identity, isAlive } from '../supervised/processes.js'
import { tail } from '../supervised/tail.js'
import { wordOf } from '../supervised/words.js'

export interface AttachOptions {
  folder: string
  /** The supervisor. */
  leader: Identity
  state: LaunchState
  signal: AbortSignal
  /** Milliseconds a launch has to become ready. */
  launchTimeout: number
  probeInterval: number
}

/** How often the output is looked at: a line is out soon after it is written. */
const POLL = 20
/** How often it is looked for the supervisor's process, in polls. */
const POLLS_PER_CHECK = 10
const CHUNKS_PER_POLL = 16

/**
 * Follows a local launch by the files in its folder: the output from its beginning, then what the
 * probe finds, then the end. Everything that was written comes before the outcome.
 */
export async function* attach({
  folder,
  leader,
  state,
  signal,
  launchTimeout,
  probeInterval,
}: AttachOptions): AsyncGenerator<LaunchNews, Outcome | undefined> {
  const files = filesOf(folder)
  const decoder = lineDecoder()
  const output = tail(files.output)
  const leaving = new AbortController()
  const last = lastLines()
  let phase = phaseOrder(state.phase)
  let probe: Probe | undefined
  let port: number | undefined
  let failure: string | undefined
  // By the wall clock up to here, as another process may have begun it; from here on without it.
  const begun = readJson<Supervisor>(files.supervisor)?.at ?? Date.now()
  const deadline = performance.now() + launchTimeout - Math.max(0, Date.now() - begun)
  try {
    for (let poll = 0; !signal.aborted; poll += 1) {
      // Asked before the read, so that the read gets all there is to be had.
      const end = readJson<End>(files.end)
      const gone = !end && poll % POLLS_PER_CHECK === 0 && (await isGone())
      const over = end !== undefined || gone
      // An output that never pauses must not keep the probe and the deadline waiting.
      for (let chunks = 0; over || chunks < CHUNKS_PER_POLL; chunks += 1) {
        const bytes = await output.next()
        if (bytes.length === 0) break
        const lines = decoder.push(bytes).map(told)
        if (lines.length > 0) yield { type: 'lines', lines }
        if (signal.aborted) return undefined
      }
      if (over) {
        const rest = decoder.end().map(told)
        if (rest.length > 0) yield { type: 'lines', lines: rest }
        // The supervisor may have written it between the two questions, as the last thing it did.
        const written = end ?? readJson<End>(files.end)
        return outcome(failure ?? (written ? reason(written) : goneReason()))
      }
      yield* progress()
      if (!isActive() && performance.now() > deadline && failure === undefined) {
        failure = `not ready within ${duration(launchTimeout)}`
        await endSession(leader)
      }
      // Rejects when the signal aborts, which the loop looks at next.
      await sleep(POLL, undefined, { signal }).catch(() => {})
    }
    return undefined
  } finally {
    leaving.abort()
    await output.close()
  }

  function told(line: RawLine): LaunchLine {
    const word = wordOf(line.text)
    if (!word) last.see([line])
    return word ? { ...line, word } : line
  }

  /** Without its folder nobody would ever learn how it ends, so that ends it. */
  async function isGone(): Promise<boolean> {
    if (isAlive(leader) && existsSync(folder)) return false
    await endSession(leader)
    return true
  }

  /** The words of the probe, each phase once. */
  async function* progress(): AsyncGenerator<LaunchNews> {
    if (isActive()) return
    if (!probe) {
      port = readJson<Run>(files.run)?.port
      if (port === undefined) return
      probe = startProbe({
        base: `http://127.0.0.1:${port}`,
        interval: probeInterval,
        signal: leaving.signal,
      })
    }
    if (probe.answers && phase < phaseOrder('health_check')) {
      phase = phaseOrder('health_check')
      yield { type: 'word', draft: CHECKING }
    }
    if (probe.ready) {
      phase = phaseOrder('active')
      yield { type: 'word', draft: readyAt(`http://127.0.0.1:${port}`) }
    }
  }

  function isActive(): boolean {
    return phase === phaseOrder('active')
  }

  function reason({ step, code, signal: by, fault }: End): string {
    if (fault !== undefined) return `${step} could not be started: ${fault}`
    const how = by === null ? `exit code ${code}${shellSignal(code)}` : undefined
    if (step === 'setup') return how ? `setup failed with ${how}` : `setup was ended by ${by}`
    const when = isActive() ? '' : ' before it was ready'
    return how ? `the server left with ${how}${when}` : `the server was ended by ${by}${when}`
  }

  function goneReason(): string {
    if (!existsSync(folder)) return 'the folder of the launch is gone'
    return `the process that watched over the launch (${leader.pid}) is gone; what it had started was ended`
  }

  function outcome(message: string): Outcome {
    const lines = last.all()
    return lines.length > 0 ? { message, details: lines.join('\n') } : { message }
  }
}

/** A shell reports a program that was ended by a signal as 128 and the signal's number. */
function shellSignal(code: number | null): string {
  const number = (code ?? 0) - 128
  const names = Object.entries(constants.signals)
  const name = names.find(([, value]) => value === number)?.[0]
  return name ? ` (${name})` : ''
}
