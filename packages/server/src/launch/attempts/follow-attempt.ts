import { childSignal } from '@launchtail/client/async'
import { formatDuration, parseDuration } from '@launchtail/client/protocol'
import { followToEnd } from '../follow-to-end.js'
import type { Launcher, Outcome } from '../launcher.js'
import type { Work } from '../work.js'
import type { Waited } from './attempt.js'
import { attemptNews } from './attempt-news.js'

export interface FollowAttemptOptions {
  number: number
  /** How long it may wait for a machine. */
  wait: string | undefined
  /** When it began, in milliseconds since 1970. */
  since: number
  /** What the wait has come to, where that is stored. */
  waited: Waited | undefined
  /** True if another process, or this one before, has followed it already. */
  isResumed: boolean
  /** Stores what it comes to. */
  onWaited: (waited: Waited) => Promise<void>
}

/**
 * Milliseconds that an attempt has at least when it is followed again. What it has printed is read anew
 * first, and may tell of a machine.
 */
const RESUMED = 30_000

/**
 * Follows an attempt to its end. One that waits for a machine for too long is taken down, and has failed
 * for want of capacity. One that is being terminated waits for none.
 */
export async function followAttempt(
  work: Work,
  launcher: Launcher,
  handle: unknown,
  { number, wait, since, waited, isResumed, onWaited }: FollowAttemptOptions,
): Promise<Outcome | undefined> {
  const limit = wait === undefined ? undefined : parseDuration(wait)
  const { signal, cancelling } = work
  const waitsForNone = limit === undefined || handle === undefined || waited === 'machine'
  if (waitsForNone || cancelling.aborted) {
    return followToEnd(work, withNews(launcher, number, undefined), handle)
  }
  if (waited === 'in vain') return leave(limit)
  const following = childSignal(signal)
  let isLate = false
  let noted: Promise<void> | undefined
  const left = since + limit - work.now().getTime()
  const timer = setTimeout(
    () => {
      isLate = true
      following.abort()
    },
    Math.max(left, isResumed ? Math.min(limit, RESUMED) : 0),
  )
  const waitNoMore = () => clearTimeout(timer)
  cancelling.addEventListener('abort', waitNoMore)
  const watched = withNews(launcher, number, () => {
    waitNoMore()
    noted ??= onWaited('machine')
    // Whoever awaits it below is told.
    noted.catch(() => {})
  })
  try {
    const outcome = await followToEnd({ ...work, signal: following.signal }, watched, handle)
    await noted
    if (!isLate || signal.aborted) return outcome
  } catch (error) {
    if (!isLate || signal.aborted) throw error
  } finally {
    waitNoMore()
    cancelling.removeEventListener('abort', waitNoMore)
    following.release()
  }
  await onWaited('in vain')
  return leave(limit)

  async function leave(limit: number): Promise<Outcome> {
    const { launch, insist } = work
    await insist('cancelling', () => launcher.cancel(launch, handle, signal))
    const time = formatDuration(limit)
    return {
      message: `no machine within ${time}, as long as it was to wait there`,
      code: 'no_capacity',
    }
  }
}

function withNews(
  launcher: Launcher,
  number: number,
  onMachine: (() => void) | undefined,
): Launcher {
  return {
    ...launcher,
    attach: (launch, handle, options) =>
      attemptNews(launcher.attach(launch, handle, options), { number, onMachine }),
  }
}
