import { askedPause, pauseAfter } from './schedule.js'

/** What came of one attempt. */
export type Answer =
  | {
      readonly status: number
      readonly retryAfter?: string | undefined
      /** The beginning of the answer's body. */
      readonly text: string
    }
  | { readonly error: string; readonly isForbidden?: boolean }

export type Verdict =
  | { readonly is: 'delivered' }
  | {
      readonly is: 'again'
      readonly pause: number
      readonly reason: string
      /** The receiver asks for a pause, which holds for all its messages. */
      readonly slowDown: boolean
    }
  | { readonly is: 'dead'; readonly reason: string }
  /** The receiver says that it is no longer there. */
  | { readonly is: 'gone'; readonly reason: string }

export interface VerdictOptions {
  /** How many attempts there have been, this one included. */
  readonly attempts: number
  readonly now: number
  readonly random: () => number
}

const GONE = 410
/** Refusals that may pass; any other 4xx is about the message or the address. */
const PASSING = new Set([408, 409, 425, 429])
/** After so many attempts it is believed that a refusal does not pass. */
const REFUSALS = 3
const SLOW_DOWN = new Set([429, 502, 503, 504])

/** What is to become of a message after an attempt. */
export function verdictOn(answer: Answer, { attempts, now, random }: VerdictOptions): Verdict {
  if ('status' in answer && isSuccess(answer)) return { is: 'delivered' }
  const reason = reasonOf(answer)
  if ('status' in answer && answer.status === GONE) return { is: 'gone', reason }
  if (isRefusal(answer) && attempts >= REFUSALS) return { is: 'dead', reason }
  const pause = pauseAfter(attempts, random)
  if (pause === undefined) return { is: 'dead', reason }
  const asked = 'status' in answer ? askedPause(answer.retryAfter, now) : undefined
  const slowDown = asked !== undefined && 'status' in answer && SLOW_DOWN.has(answer.status)
  // A receiver that asks for a second each time would have used up all attempts in ten.
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
