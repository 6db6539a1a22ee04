import type { LaunchSummary } from '@launchtail/client'
import { codeName } from '../parts/node-facts.js'
import { dayAndTime } from '../parts/times.js'

/** A launch in a few words: `2, succeeded, Mar 1, 10:04 AM`. */
export function titleOf({ number, outcome, code, started_at }: LaunchSummary): string {
  const isNamed = code !== undefined && code !== 'unknown'
  const end = isNamed ? `failed: ${codeName(code)}` : (outcome ?? 'under way')
  return [number, end, ...(started_at === undefined ? [] : [dayAndTime(started_at)])].join(', ')
}
