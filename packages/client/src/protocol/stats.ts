import * as z from 'zod'
import { PHASES } from './phases.js'
import { answers } from './schemas.js'

/** What launches can be grouped by. */
export const STATS_KEYS = ['provider', 'region', 'gpu', 'model', 'spot', 'owner'] as const
export type StatsKey = (typeof STATS_KEYS)[number]

export const OUTCOMES = ['succeeded', 'failed', 'terminated'] as const
/** How a launch ended. One that became active succeeded, whatever happened to the node later. */
export type LaunchOutcome = (typeof OUTCOMES)[number]

const count = z.number().int()
const share = z.number().min(0).max(1)
const phase = z.enum(PHASES)
const spread = {
  count: count.describe('The number of values.'),
  p50_ms: count.describe('Half of them took at most this long.'),
  p95_ms: count.describe('95 % of them took at most this long.'),
}
const spreads = z.object(spread)
const outcomes = { succeeded: count, failed: count, terminated: count }
const keys = {
  provider: z.string().optional(),
  region: z.string().optional(),
  gpu: z.string().optional(),
  model: z.string().optional(),
  use_spot: z.boolean().optional(),
  owner: z.string().optional(),
}

const groupSchema = z.object({
  launches: count.describe('The launches that have ended: the sum of the three outcomes.'),
  ...outcomes,
  success_rate: share
    .optional()
    .describe('The share that succeeded of those that were not terminated.'),
  time_to_active: spreads.optional().describe('Missing if none succeeded.'),
  phases: z
    .array(z.object({ phase, ...spread }))
    .describe('How long completed phases took, in their order.'),
  causes: z
    .array(
      z.object({
        code: z.string(),
        count,
        share: share.describe('Of the launches that failed.'),
        last_node_id: z.string().describe('The node whose launch failed so last.'),
      }),
    )
    .describe('Why launches failed, the most frequent cause first.'),
  spot: z
    .object({
      launches: count.describe('The launches on spot instances.'),
      lost: count.describe('Those whose instance was preempted, before they were active or later.'),
      median_life_ms: count
        .optional()
        .describe('Half of those that were lost later had been active for at most this long.'),
    })
    .optional()
    .describe('Missing if there were none.'),
  spent: z
    .number()
    .optional()
    .describe('US dollars that they have cost so far. Missing if no price is known of any.'),
  unpriced: count.describe('Those of which no price is known. They are not in `spent`.'),
})

const hours = z.array(count).length(24)

const pastLaunchSchema = z
  .object({
    node_id: z.string(),
    name: z.string().optional(),
    ...keys,
    outcome: z.enum(OUTCOMES),
    started_at: z.string(),
    ended_at: z.string().describe('When it became active, failed or was terminated.'),
    code: z.string().optional().describe('The cause of the failure; see docs/phases.md.'),
    lost_at: z
      .string()
      .optional()
      .describe('When its spot instance was preempted, if that was after it became active.'),
    spent: z.number().optional().describe('US dollars that it has cost so far, if that is known.'),
    phases: z
      .array(z.object({ phase, duration_ms: count }))
      .describe('All its phases, including the one in which it ended.'),
  })
  .describe('A launch that has ended.')
  .register(answers, { id: 'PastLaunch' })

export const statsSchema = z
  .object({
    total: groupSchema,
    groups: z
      .array(groupSchema.extend(keys))
      .describe(
        'One for each combination of the fields in `by`, the one with the most launches first.',
      ),
    series: z.object({
      bucket_seconds: count,
      buckets: z
        .array(
          z.object({
            from: z.string(),
            ...outcomes,
            time_to_active: spreads.optional(),
            spent: z
              .number()
              .optional()
              .describe('US dollars that all these launches have cost in this time.'),
          }),
        )
        .describe('Launches by the time they ended, the oldest first, without gaps.'),
    }),
    capacity: z
      .array(
        z.object({
          provider: z.string().optional(),
          region: z.string().optional(),
          launches: hours.describe('The launches that ended in each hour of the day, in UTC.'),
          failed: hours.describe('Those of them that failed because there was no capacity.'),
        }),
      )
      .describe('The regions where capacity was missing, the one with the most failures first.'),
    today: z
      .object({
        date: z.string().describe('The day, in UTC.'),
        spent: z.number(),
        per_hour: z.number().describe('What an hour of all that runs costs now.'),
        by_midnight: z
          .number()
          .describe('What will have been spent by the end of the day if nothing else is launched.'),
        budget: z.number().optional().describe('What may be spent a day, if there is a budget.'),
      })
      .describe('What all launches of this server cost today, in US dollars.'),
    last: z.array(pastLaunchSchema).describe('The most recent launches, the newest first.'),
  })
  .describe('Statistics of the launches that have ended.')
  .register(answers, { id: 'Stats' })

export type PastLaunch = z.infer<typeof pastLaunchSchema>
export type Stats = z.infer<typeof statsSchema>
export type StatsGroup = z.infer<typeof groupSchema>
