import * as z from 'zod'
import { entrySchema } from './entry.js'
import { NODE_STATUSES } from './node-statuses.js'
import { PHASES } from './phases.js'
import { answers } from './schemas.js'

export const GAP_REASONS = ['expired', 'rewritten', 'unknown'] as const
export type GapReason = (typeof GAP_REASONS)[number]

const phase = z.enum(PHASES)

const statusEventSchema = z
  .object({ phase, progress: z.number(), message: z.string() })
  .describe('Follows an entry that has a progress.')
  .register(answers, { id: 'StatusEvent' })

const errorEventSchema = z
  .object({
    error: z.string(),
    details: z.string().describe('Empty if there are none.'),
    phase: phase.optional().describe('The phase of the launch.'),
  })
  .describe('Follows an entry of level `error`. Without an id, it reports a fault of the server.')
  .register(answers, { id: 'ErrorEvent' })

const doneEventSchema = z
  .object({
    status: z.enum([...NODE_STATUSES, 'deleted']),
    endpoint: z.string().optional(),
    message: z.string(),
  })
  .describe('The last event. The server closes the stream after it.')
  .register(answers, { id: 'DoneEvent' })

const gapEventSchema = z
  .object({
    requested: z.string().describe('The cursor that is not in the list, cut to 64 characters.'),
    resumed_from: z.string().describe('The cursor after which the following events continue.'),
    missed: z
      .number()
      .int()
      .describe('How many entries up to the requested one are known to be missing from the list.'),
    reason: z.enum(GAP_REASONS),
  })
  .describe('The list has been replaced or cut since it was read. All that it has now follows.')
  .register(answers, { id: 'GapEvent' })

export type StatusEvent = z.infer<typeof statusEventSchema>
export type ErrorEvent = z.infer<typeof errorEventSchema>
export type DoneEvent = z.infer<typeof doneEventSchema>
export type GapEvent = z.infer<typeof gapEventSchema>

/** The events of a node's stream, and the schema of each event's data. */
export const STREAM_EVENTS = {
  log: entrySchema,
  status: statusEventSchema,
  error: errorEventSchema,
  done: doneEventSchema,
  gap: gapEventSchema,
} as const
