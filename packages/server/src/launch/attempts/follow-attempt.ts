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
 * for want of capacity. One that is being terminated waits for none.
 */
export async function followAttempt(
  work: Work,
  launcher: Launcher,
  handle: unknown,
  { number, wait, since }: FollowAttemptOptions,
): Promise<Outcome | undefined> {
  const limit = wait === undefined ? undefined : parseDuration(wait)
  const { signal, cancelling } = work
  if (limit === undefined || handle === undefined || cancelling.aborted) {
    return followToEnd(work, withNews(launcher, number, undefined), handle)
  }
  const following = childSignal(signal)
  let isLate = false
  const left = since + limit - work.now().getTime()
  const timer = setTimeout(
    () => {
      isLate = true
      following.abort()
    },
    Math.max(0, left),
  )
  const waitNoMore = () => clearTimeout(timer)
  cancelling.addEventListener('abort', waitNoMore)
  try {
    const watched = withNews(launcher, number, waitNoMore)
    const outcome = await followToEnd({ ...work, signal: following.signal }, watched, handle)
    if (!isLate || signal.aborted) return outcome
  } catch (error) {
    if (!isLate || signal.aborted) throw error
  } finally {
    waitNoMore()
    cancelling.removeEventListener('abort', waitNoMore)
    following.release()
  }
  const { launch, insist } = work
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
