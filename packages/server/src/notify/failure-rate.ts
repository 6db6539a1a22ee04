import { formatDuration } from '@launchtail/client/protocol'
import type { Database } from '../database/open.js'
import type { Message } from './message.js'

/** The period that is examined, in milliseconds. */
export const WINDOW = 3_600_000
/** At least this many launches must have ended, and this share must have failed. Terminated ones do not count. */
const FEWEST = 5
const SHARE = 0.5

/** The message about a high failure rate; undefined if it is not high. */
export async function failureRate(database: Database, now: number): Promise<Message | undefined> {
  const rows = await database
    .selectFrom('launch_history')
    .select(({ fn }) => ['outcome', 'code', fn.countAll<number>().as('n')])
    .where('ended_at', '>', new Date(now - WINDOW).toISOString())
    .where('outcome', '!=', 'terminated')
    .groupBy(['outcome', 'code'])
    .execute()
  const counts = rows.map(({ n, ...row }) => ({ ...row, n: Number(n) }))
  const of = counts.reduce((sum, { n }) => sum + n, 0)
  const failures = counts.filter(({ outcome }) => outcome === 'failed')
  const failed = failures.reduce((sum, { n }) => sum + n, 0)
  if (of < FEWEST || failed / of < SHARE) return undefined
  const byCause = failures
    .map(({ code, n }): [string, number] => [code ?? 'unknown', n])
    .sort(([, a], [, b]) => b - a)
  return {
    type: 'fleet.failure_rate',
    timestamp: new Date(now).toISOString(),
    data: {
      ...{ rate: failed / of, failed, of, window: formatDuration(WINDOW) },
      by_cause: Object.fromEntries(byCause),
    },
  }
}
