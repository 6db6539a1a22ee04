import { once } from 'node:events'
import { childSignal } from '@launchtail/client/async'
import { followLaunch } from './follow.js'
import type { Launcher, Outcome } from './launcher.js'
import type { Work } from './work.js'

const CANCELLED: Outcome = { message: 'the launch was cancelled' }

/** For how long the output of a launch that was cancelled is read on, in milliseconds. */
const LAST_WORDS = 10_000

/**
 * Follows a launch until it is over, and cancels it when that is asked for. Without a handle there
 * is nothing to follow: it is being cancelled. Undefined when the launch is not ours any more.
 */
export async function followToEnd(
  work: Work,
  launcher: Launcher,
  handle: unknown,
): Promise<Outcome | undefined> {
  const { signal, cancelling } = work
  const following = childSignal(signal)
  try {
    const cancelled = cancelWhenAsked(work, launcher, handle).then(() => {
      setTimeout(following.abort, LAST_WORDS).unref()
    })
    // It rejects when this process closes, possibly without anything waiting for it.
    cancelled.catch(() => {})
    if (handle === undefined) {
      await cancelled
      return CANCELLED
    }
    const options = { ...work, launcher, handle, signal: following.signal }
    const outcome = await followLaunch(options)
    if (signal.aborted) return undefined
    if (cancelling.aborted) await cancelled
    return outcome ?? CANCELLED
  } finally {
    following.release()
  }
}

async function cancelWhenAsked(
  { launch, insist, signal, cancelling }: Work,
  launcher: Launcher,
  handle: unknown,
): Promise<void> {
  if (!cancelling.aborted) await once(cancelling, 'abort', { signal })
  await insist('cancelling', () => launcher.cancel(launch, handle, signal))
}
