import * as z from 'zod'
import { entrySchema } from './entry.js'
import { PHASES } from './phases.js'
import { answers } from './schemas.js'

/** What became of a launch, as the node's record and `done` tell it. */
export const NODE_STATUSES = ['launching', 'active', 'failed', 'terminated'] as const
export type NodeStatus = (typeof NODE_STATUSES)[number]

export const GAP_REASONS = ['expired', 'rewritten', 'unknown'] as const
export type GapReason = (typeof GAP_REASONS)[number]

const phase = z.enum(PHASES)

export const statusEventSchema = z
  .object({ phase, progress: z.number(), message: z.string() })
  .describe('After an entry that has a progress.')
  .register(answers, { id: 'StatusEvent' })

export const errorEventSchema = z
  .object({
    error: z.string(),
    details: z.string().describe('Empty where there are none.'),
    phase: phase.optional().describe('Left out where the fault is the server’s, not the launch’s.'),
  })
  .describe('After an entry of level `error`, or without an id: a fault of the server.')
  .register(answers, { id: 'ErrorEvent' })

export const doneEventSchema = z
  .object({
    status: z.enum([...NODE_STATUSES, 'deleted']),
    endpoint: z.string().optional(),
    message: z.string(),
  })
  .describe('The last event; the server closes after it.')
  .register(answers, { id: 'DoneEvent' })

export const gapEventSchema = z
  .object({
    requested: z.string().describe('The cursor that is not in the list, cut to 64 characters.'),
    resumed_from: z.string().describe('The cursor the events that follow continue from.'),
    missed: z
      .number()
      .int()
      .describe('How many entries up to the requested one are certainly no longer in the list.'),
    reason: z.enum(GAP_REASONS),
  })
  .describe('The list is not the one that was read so far: all that it has now follows.')
  .register(answers, { id: 'GapEvent' })

export type StatusEvent = z.infer<typeof statusEventSchema>
export type ErrorEvent = z.infer<typeof errorEventSchema>
export type DoneEvent = z.infer<typeof doneEventSchema>
export type GapEvent = z.infer<typeof gapEventSchema>

/** The events of a node's stream, with the schema of each one's data. */
export const STREAM_EVENTS = {
  log: entrySchema,
  status: statusEventSchema,
  error: errorEventSchema,
  done: doneEventSchema,
  gap: gapEventSchema,
} as const
