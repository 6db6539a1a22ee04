import * as z from 'zod'
import { answers } from './schemas.js'

const infraSchema = z.object({
  name: z.string().describe('As SkyPilot names it, such as `AWS` or `Slurm`.'),
  enabled: z.boolean(),
  warnings: z
    .array(z.string())
    .describe('What SkyPilot’s check says about it: hints, or why it is not enabled.'),
})

/** How SkyPilot is reached, and what can be launched through it. */
export const skypilotSchema = z
  .object({
    way: z.enum(['api', 'command']).describe('SkyPilot’s API server, or the `sky` command.'),
    version: z.string().optional(),
    api_version: z.number().int().optional(),
    user: z.string().optional().describe('Who this server is there. Clusters belong to this user.'),
    open: z.boolean().optional().describe('Whoever can reach the API server can use it.'),
    infra: z.array(infraSchema),
    clusters: z.array(z.object({ name: z.string(), status: z.string() })),
    problem: z.string().optional().describe('Why SkyPilot cannot be used, and what to do.'),
  })
  .describe('How SkyPilot is reached, and what can be launched through it.')
  .register(answers, { id: 'SkyPilot' })

export type SkyPilotState = z.infer<typeof skypilotSchema>
export type Infra = z.infer<typeof infraSchema>
