import type { Stats } from '@launchtail/client'
import { oneLine } from '../format/text.js'

/** Hours of a region that are named. */
const NAMED = 3

/** The regions where capacity was missing, and the hours at which most launches failed for it. */
export function capacityTable(capacity: Stats['capacity']) {
  return {
    head: ['no capacity in', 'failed', 'launches', 'worst hours (UTC)'],
    words: [0, 3],
    rows: capacity.map(({ provider, region, launches, failed }) => [
      oneLine([provider, region].filter(Boolean).join(' ') || '-'),
      ...[sum(failed), sum(launches), worstHours(failed, launches)],
    ]),
  }
}

function worstHours(failed: readonly number[], launches: readonly number[]): string {
  return failed
    .map((count, hour) => ({ hour, count, of: launches[hour] ?? 0 }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, NAMED)
    .map(({ hour, count, of }) => `${String(hour).padStart(2, '0')}h ${count} of ${of}`)
    .join(', ')
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, one) => all + one, 0)
}
