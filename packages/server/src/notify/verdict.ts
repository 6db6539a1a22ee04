import { askedPause } from '../async/retry-after.js'
import { pauseAfter } from './schedule.js'

/** The receiver's answer to one attempt, or why there was none. */
export type Answer =
  | {
      readonly status: number
      readonly retryAfter?: string | undefined
      /** The beginning of the answer's body. */
      readonly text: string
      /** True if the body goes on. */
      readonly isCut?: boolean
    }
  | { readonly error: string; readonly isForbidden?: boolean }

export type Verdict =
  | { readonly is: 'delivered' }
  | {
      readonly is: 'again'
      readonly pause: number
      readonly reason: string
      /** The receiver asked for the pause, so it applies to all of its messages. */
      readonly slowDown: boolean
    }
  | { readonly is: 'dead'; readonly reason: string }
  /** The receiver says that it no longer exists. */
  | { readonly is: 'gone'; readonly reason: string }

export interface VerdictOptions {
  /** The number of attempts so far, including this one. */
  readonly attempts: number
  readonly now: number
  readonly random: () => number
}

const GONE = 410
/** Refusals that may be temporary. Any other 4xx concerns the message or the address. */
const PASSING = new Set([408, 409, 425, 429])
/** A refusal is final after this many attempts. */
const REFUSALS = 3
const SLOW_DOWN = new Set([429, 502, 503, 504])

/** Decides what to do with a message after an attempt. */
export function verdictOn(answer: Answer, { attempts, now, random }: VerdictOptions): Verdict {
  if ('status' in answer && isSuccess(answer)) return { is: 'delivered' }
  const reason = reasonOf(answer)
  if ('status' in answer && answer.status === GONE) return { is: 'gone', reason }
  if (isRefusal(answer) && attempts >= REFUSALS) return { is: 'dead', reason }
  const pause = pauseAfter(attempts, random)
  if (pause === undefined) return { is: 'dead', reason }
  const asked = 'status' in answer ? askedPause(answer.retryAfter, now) : undefined
  const slowDown = asked !== undefined && 'status' in answer && SLOW_DOWN.has(answer.status)
  // Otherwise a receiver that always asks for one second would use up all attempts in ten seconds.
  return { is: 'again', pause: Math.max(asked ?? 0, pause), reason, slowDown }
}

function isSuccess({ status }: { status: number }): boolean {
  return status >= 200 && status < 300
}

function isRefusal(answer: Answer): boolean {
  if ('error' in answer) return answer.isForbidden === true
  const { status } = answer
  return status >= 300 && status < 500 && !PASSING.has(status)
}

function reasonOf(answer: Answer): string {
  if ('error' in answer) return answer.error
  const { status } = answer
  const isRedirect = status >= 300 && status < 400
  return isRedirect ? `answered ${status}: redirects are not followed` : `answered ${status}`
}
