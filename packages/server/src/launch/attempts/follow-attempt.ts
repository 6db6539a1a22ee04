import { childSignal } from '@launchtail/client/async'
import { formatDuration, parseDuration } from '@launchtail/client/protocol'
import { followToEnd } from '../follow-to-end.js'
import type { Launcher, Outcome } from '../launcher.js'
import type { Work } from '../work.js'
import { attemptNews } from './attempt-news.js'

export interface FollowAttemptOptions {
  number: number
  /** How long it may wait for a machine. */
  wait: string | undefined
  /** When it began, in milliseconds since 1970. */
  since: number
}

/**
 * Follows an attempt to its end. One that waits for a machine for too long is taken down, and has failed
 * for want of capacity.
 */
export async function followAttempt(
  work: Work,
  launcher: Launcher,
  handle: unknown,
  { number, wait, since }: FollowAttemptOptions,
): Promise<Outcome | undefined> {
  const limit = wait === undefined ? undefined : parseDuration(wait)
  if (limit === undefined || handle === undefined) {
    return followToEnd(work, withNews(launcher, number, undefined), handle)
  }
  const following = childSignal(work.signal)
  let isLate = false
  const left = since + limit - work.now().getTime()
  const timer = setTimeout(
    () => {
      isLate = true
      following.abort()
    },
    Math.max(0, left),
  )
  try {
    const watched = withNews(launcher, number, () => clearTimeout(timer))
    const outcome = await followToEnd({ ...work, signal: following.signal }, watched, handle)
    if (!isLate || work.signal.aborted || work.cancelling.aborted) return outcome
  } catch (error) {
    if (!isLate || work.signal.aborted) throw error
  } finally {
    clearTimeout(timer)
    following.release()
  }
  const { launch, insist, signal } = work
  await insist('cancelling', () => launcher.cancel(launch, handle, signal))
  const time = formatDuration(limit)
  return {
    message: `no machine within ${time}, as long as it was to wait there`,
    code: 'no_capacity',
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
