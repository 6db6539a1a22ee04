import type { PlannedAttempts } from './plan.js'
import { formatDuration } from './time.js'

/** How often a planned launch would be tried, in a sentence. */
export function attemptsText({ most, within_seconds: within }: PlannedAttempts): string {
  const time = within === undefined ? undefined : formatDuration(within * 1000, { parts: 2 })
  if (most === undefined) return `It would be tried until it is up, for ${time} at most.`
  const limit = time === undefined ? '' : `, for ${time} at most`
  return `It would be tried up to ${most} times${limit}.`
}
