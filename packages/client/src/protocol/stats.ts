import * as z from 'zod'
import { PHASES } from './phases.js'
import { answers } from './schemas.js'

/** What launches can be grouped by. */
export const STATS_KEYS = ['provider', 'region', 'gpu', 'model'] as const
export type StatsKey = (typeof STATS_KEYS)[number]

export const OUTCOMES = ['succeeded', 'failed', 'terminated'] as const
/** What became of a launch; one that became active succeeded, whatever became of the node later. */
export type LaunchOutcome = (typeof OUTCOMES)[number]

const count = z.number().int()
const phase = z.enum(PHASES)
const spread = {
  count: count.describe('Of how many.'),
  p50_ms: count.describe('Half of them took no longer.'),
  p95_ms: count.describe('95 in 100 took no longer.'),
}
const outcomes = { succeeded: count, failed: count, terminated: count }
const keys = {
  provider: z.string().optional(),
  region: z.string().optional(),
  gpu: z.string().optional(),
  model: z.string().optional(),
}

const groupSchema = z.object({
  launches: count.describe('Those that are over: the sum of the three.'),
  ...outcomes,
  time_to_active: z.object(spread).optional().describe('Left out where none succeeded.'),
  phases: z
    .array(z.object({ phase, ...spread }))
    .describe('How long the phases took that launches went on from, in their order.'),
  causes: z
    .array(z.object({ code: z.string(), count }))
    .describe('Why launches failed, the most frequent first.'),
})

const pastLaunchSchema = z
  .object({
    node_id: z.string(),
    name: z.string().optional(),
    ...keys,
    outcome: z.enum(OUTCOMES),
    started_at: z.string(),
    ended_at: z.string().describe('When it became active, failed or was terminated.'),
    code: z.string().optional().describe('The cause of a failure; see docs/phases.md.'),
    phases: z
      .array(z.object({ phase, duration_ms: count }))
      .describe('All it was in, the one it ended in included.'),
  })
  .describe('A launch that is over.')
  .register(answers, { id: 'PastLaunch' })

export const statsSchema = z
  .object({
    total: groupSchema,
    groups: z
      .array(groupSchema.extend(keys))
      .describe('One for each combination of what `by` names; that of most launches first.'),
    over_time: z.object({
      bucket_seconds: count,
      buckets: z
        .array(z.object({ from: z.string(), ...outcomes }))
        .describe('By when launches ended, the oldest first, none left out between.'),
    }),
    last: z.array(pastLaunchSchema).describe('The last launches, the newest first.'),
  })
  .describe('What launches that are over have come to.')
  .register(answers, { id: 'Stats' })

export type PastLaunch = z.infer<typeof pastLaunchSchema>
export type Stats = z.infer<typeof statsSchema>
export type StatsGroup = z.infer<typeof groupSchema>
