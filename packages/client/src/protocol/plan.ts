import * as z from 'zod'
import { PHASES } from './phases.js'
import { answers } from './schemas.js'

const count = z.number().int()
const seconds = z.number()

const placeSchema = z.object({
  infra: z.string().describe('As SkyPilot names it, such as `GCP (us-central1-a)`.'),
  gpu: z.string().describe('The GPUs of one machine, such as `A100:8`; empty for none.'),
  price_per_hour: z
    .number()
    .optional()
    .describe('US dollars an hour, for all machines. Missing if SkyPilot knows no price.'),
})

const attemptsSchema = z
  .object({
    most: count.optional().describe('Missing where only the time limits them.'),
    within_seconds: seconds.optional().describe('How long all of them together may take.'),
  })
  .describe('How often it would be tried. Missing for a launch that is tried once.')

const problemSchema = z.object({
  field: z.string().describe('The field of the request that it is about; `task` for the task.'),
  message: z.string(),
})

const historySchema = z
  .object({
    launches: count,
    succeeded: count,
    active_p50_seconds: seconds.optional().describe('Half of them were active after so long.'),
    active_p90_seconds: seconds.optional(),
    phases: z.array(
      z.object({ phase: z.enum(PHASES), p50_seconds: seconds, p90_seconds: seconds, count }),
    ),
    causes: z
      .array(z.object({ code: z.string(), count }))
      .describe('Why they failed, the most frequent cause first.'),
  })
  .describe('The past launches of the same provider, GPU and model.')

/** What a launch would do. */
export const launchPlanSchema = z
  .object({
    task: z
      .string()
      .describe(
        'The task as SkyPilot gets it, as YAML, with `***` for secrets. Empty if none can be made.',
      ),
    places: z
      .array(placeSchema)
      .describe('Where it would be launched; the first is tried first. Empty if nowhere.'),
    problems: z
      .array(problemSchema)
      .describe('Why the launch would be refused. Empty if it is fine.'),
    attempts: attemptsSchema.optional(),
    history: historySchema,
  })
  .describe('What a launch would do. Nothing is launched or stored.')
  .register(answers, { id: 'LaunchPlan' })

export type LaunchPlan = z.infer<typeof launchPlanSchema>
export type PlannedPlace = z.infer<typeof placeSchema>
export type PlannedAttempts = z.infer<typeof attemptsSchema>
export type PlanProblem = z.infer<typeof problemSchema>
export type PlanHistory = z.infer<typeof historySchema>
