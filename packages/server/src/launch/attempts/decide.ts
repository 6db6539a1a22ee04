import { formatDuration, type LaunchRequest } from '@launchtail/client/protocol'
import { WORTH_ANOTHER } from '../../output/causes/worth-another.js'
import { attemptsOf } from './attempt.js'

export interface Failed {
  readonly request: LaunchRequest
  /** The number of the attempt that failed. */
  readonly number: number
  /** The code of its cause. */
  readonly code: string
  /** True if the node has been active. */
  readonly wasActive: boolean
  /** Milliseconds from when the launch was asked for to when the next attempt would begin. */
  readonly elapsed: number
  /** Milliseconds that all attempts together may take. */
  readonly launchTimeout: number | undefined
}

/** Another attempt, or why there is none; nothing is said where none was asked for. */
export type Decision = { readonly again: true } | { readonly again: false; readonly why?: string }

/** Decides whether a launch is tried once more. */
export function decide(failed: Failed): Decision {
  const { request, number, code, wasActive, elapsed, launchTimeout } = failed
  const most = attemptsOf(request)
  if (most === 1 || wasActive) return { again: false }
  if (number >= most) return { again: false, why: `All ${most} attempts have failed.` }
  if (!WORTH_ANOTHER.has(code)) {
    return {
      again: false,
      why: `No further attempt is made, because ${code} does not pass by itself.`,
    }
  }
  if (launchTimeout !== undefined && elapsed >= launchTimeout) {
    const time = formatDuration(launchTimeout)
    return {
      again: false,
      why: `No further attempt is made: none would begin within the launch_timeout of ${time}.`,
    }
  }
  return { again: true }
}

const PAUSES = { first: 30_000, longest: 5 * 60_000 }

/** Milliseconds to wait before an attempt. A place that was not tried yet is tried at once. */
export function pauseBefore(request: LaunchRequest, number: number, pauses = PAUSES): number {
  const places = request.places?.length ?? 1
  const round = Math.floor((number - 1) / places)
  if (round === 0 || (number - 1) % places !== 0) return 0
  return Math.min(pauses.longest, pauses.first * 2 ** (round - 1))
}
