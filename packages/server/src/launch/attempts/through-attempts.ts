import { explain } from '../../nodes/ends/explain.js'
import { followToEnd } from '../follow-to-end.js'
import type { LaunchRow } from '../launch-rows.js'
import type { Launch, Launcher, Outcome } from '../launcher.js'
import { startLaunch } from '../start-launch.js'
import type { Work } from '../work.js'
import {
  type Attempt,
  attemptsOf,
  isFurther,
  nameOf,
  placeOf,
  readAttempt,
  requestOf,
  type Waited,
} from './attempt.js'
import { decide, pauseBefore } from './decide.js'
import { followAttempt } from './follow-attempt.js'
import { openAttempt } from './open-attempt.js'

export interface ThroughAttemptsOptions {
  work: Work
  launcher: Launcher
  row: Pick<LaunchRow, 'attempt' | 'handle' | 'created_at'>
  /** The launch as an attempt carries it out. */
  launchOf: (attempt: Attempt | undefined) => Launch
  /** The node is launched where this attempt is made. */
  move: (launch: Launch) => Promise<void>
  /** Milliseconds that all attempts together may take. */
  launchTimeout: number | undefined
  /** For tests, as in `pauseBefore`. */
  pauses?: { first: number; longest: number } | undefined
}

/**
 * Carries a launch out, again where it fails of what another attempt may not meet. Returns how the last
 * attempt ended; undefined where the launch is not this process's any more. Which attempt is under way is
 * stored before it begins.
 */
export async function throughAttempts(
  options: ThroughAttemptsOptions,
): Promise<Outcome | undefined> {
  const { work: shared, launcher, row, launchOf, move, launchTimeout, pauses } = options
  const { signal, cancelling, spending, insist, store, now } = shared
  const asked = Date.parse(row.created_at)
  let attempt = readAttempt(row.attempt)
  let handle = row.handle
  for (;;) {
    const launch = launchOf(attempt)
    const work = { ...shared, launch }
    const outcome = await once(work)
    if (!outcome || signal.aborted || cancelling.aborted) return outcome
    const next = await after(work, outcome)
    if ('message' in next) return next
    await insist('storing an attempt of', () =>
      work.row.update({ attempt: JSON.stringify(next.attempt), handle: null }),
    )
    if (!outcome.left) await insist('storing the end of', () => spending.gone())
    attempt = next.attempt
    handle = null
  }

  async function once(work: Work): Promise<Outcome | undefined> {
    const { number = 1, at: since = asked } = attempt ?? {}
    const isLast = number >= attemptsOf(work.launch.request)
    const wait = isLast ? undefined : placeOf(work.launch.request, number)?.wait
    const meteredLauncher = spending.metered(launcher, number)
    const { waited } = attempt ?? {}
    const follow = (found: unknown, isResumed = false) =>
      followAttempt(work, meteredLauncher, found, {
        ...{ number, wait, since, waited, isResumed },
        onWaited: (how) => note(work, how),
      })
    if (handle !== null) return follow(JSON.parse(handle), true)
    if (cancelling.aborted) return followToEnd(work, launcher, undefined)
    try {
      if (isFurther(attempt)) await open(work, attempt)
    } catch (error) {
      if (signal.aborted || !cancelling.aborted) throw error
      return followToEnd(work, launcher, undefined)
    }
    const started = await startLaunch(work, launcher)
    if (signal.aborted) return undefined
    return 'failure' in started ? started.failure : follow(started.handle)
  }

  async function note({ row }: Work, waited: Waited): Promise<void> {
    attempt = { number: 1, at: asked, code: '', message: '', ...attempt, waited }
    const column = JSON.stringify(attempt)
    await insist('storing an attempt of', () => row.update({ attempt: column }))
  }

  async function open(work: Work, attempt: Attempt): Promise<void> {
    const { request } = work.launch
    await insist('moving', () => move(work.launch))
    await openAttempt(work, launcher, {
      attempt,
      place: nameOf(request),
      left: nameOf(requestOf(request, attempt.number - 1)),
    })
  }

  /** The attempt after one that failed, or the end of the launch. */
  async function after(work: Work, outcome: Outcome): Promise<Outcome | { attempt: Attempt }> {
    const { nodeId, request } = work.launch
    if (attemptsOf(request) === 1) return outcome
    const { number = 1 } = attempt ?? {}
    const explained = await insist('explaining the end of', () =>
      explain(outcome, { nodeId, store }),
    )
    const { code = explained.code } = outcome
    const state = await insist('reading', () => work.appender.state(nodeId))
    const at = now().getTime() + pauseBefore(request, number + 1, pauses)
    const elapsed = at - asked
    const wasActive = state.phase === 'active'
    const decision = decide({ request, number, code, wasActive, elapsed, launchTimeout })
    if (decision.again) {
      const { message } = outcome.code === undefined ? explained : outcome
      return { attempt: { number: number + 1, at, code, message } }
    }
    const { why } = decision
    return why === undefined
      ? outcome
      : { ...outcome, details: [outcome.details, why].filter(Boolean).join('\n') }
  }
}
