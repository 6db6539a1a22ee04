import * as z from 'zod'
import { launchSchema } from './node.js'
import { PHASES } from './phases.js'
import { answers } from './schemas.js'
import { OUTCOMES } from './stats.js'

/** One of a node's launches by name: `latest`, `previous`, or its number. */
export type LaunchName = 'latest' | 'previous' | number

/** Undefined if the text is no such name. */
export function parseLaunchName(text: string): LaunchName | undefined {
  if (text === 'latest' || text === 'previous') return text
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined
}

const nodeLaunchSummarySchema = z
  .object({
    number: z.number().int().describe('The node’s launches are counted from 1.'),
    outcome: z
      .enum(OUTCOMES)
      .optional()
      .describe('Missing while the launch is under way. `succeeded` if it became active.'),
    started_at: z.string().optional(),
    ended_at: z.string().optional().describe('When it became active, failed or was terminated.'),
    code: z.string().optional().describe('The cause of the failure; see docs/phases.md.'),
    provider: z.string().optional(),
    region: z.string().optional(),
    gpu: z.string().optional(),
    model: z.string().optional(),
    use_spot: z.boolean().optional(),
    price_per_hour: z.number().optional().describe('Of its last attempt, in US dollars.'),
    spent: z.number().optional().describe('US dollars that it has cost so far.'),
    phases: z
      .array(z.object({ phase: z.enum(PHASES), duration_ms: z.number().int() }))
      .describe('How long each phase took, in their order.'),
    request: launchSchema
      .omit({ secrets: true })
      .optional()
      .describe('What it was launched with, without its secrets, if this server launched it.'),
  })
  .register(answers, { id: 'LaunchSummary' })

export const nodeLaunchesSchema = z
  .object({
    node_id: z.string(),
    launches: z.array(nodeLaunchSummarySchema).describe('The newest 100, newest first.'),
  })
  .register(answers, { id: 'NodeLaunches' })

export type LaunchSummary = z.infer<typeof nodeLaunchSummarySchema>
