import { setTimeout as sleep } from 'node:timers/promises'
import { isTimeout, withTimeout } from './time-out.js'

/**
 * Retries until the deadline (monotonic) while Redis says that it has done nothing. What may have
 * been done is never sent again.
 */
export async function retryRefused<T>(act: () => Promise<T>, deadline: number): Promise<T> {
  let refusal: unknown
  for (let pause = 50; ; pause = Math.min(2 * pause, 200)) {
    try {
      return await (refusal ? withTimeout(deadline - performance.now(), act()) : act())
    } catch (error) {
      // Redis answers, so running out of time is no sign that it is out of reach.
      if (refusal && isTimeout(error)) throw refusal
      if (!isRefusal(error) || performance.now() + pause >= deadline) throw error
      refusal = error
    }
    await sleep(pause)
    // The process was held up. A command sent now would be taken for one that Redis leaves unanswered.
    if (performance.now() >= deadline) throw refusal
  }
}

/**
 * True if nothing was done, for a reason that may soon pass: a failover, data that are being loaded,
 * a slot that moves, or a connection that was not ready for the command to leave.
 */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && REFUSAL.test(error.message)
}

const REFUSAL =
  /^(?:Too many Cluster redirections\. Last error: (?:\w*Error: )?)?(?:READONLY|LOADING|MASTERDOWN|MISCONF|NOREPLICAS|BUSY|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|Stream isn't writeable)\b/
