import * as z from 'zod'
import { STREAM_EVENTS } from './events.js'
import { NODE_STATUSES } from './node-statuses.js'
import { answers } from './schemas.js'

const node_id = z.string()

const memberEventSchema = z
  .object({ node_id, state: z.enum(['joined', 'left']) })
  .describe('A launch has begun, or has entered or left the phase that was asked for.')
  .register(answers, { id: 'MemberEvent' })

const endEventSchema = z
  .object({
    nodes: z
      .partialRecord(z.enum([...NODE_STATUSES, 'deleted']), z.number().int())
      .describe('How many of the nodes ended so.'),
  })
  .describe('The last event of a stream of named nodes: all of their launches have ended.')
  .register(answers, { id: 'EndEvent' })

const { log, status, error, done, gap } = STREAM_EVENTS

/** The events of the stream of many nodes, and the schema of each event's data. */
export const MERGED_EVENTS = {
  log: log.extend({ node_id }),
  status: status.extend({ node_id }),
  error: error.extend({ node_id: node_id.optional() }),
  done: done.extend({ node_id }),
  gap: gap.extend({ node_id: node_id.optional() }),
  node: memberEventSchema,
  end: endEventSchema,
} as const

export type MergedLog = z.infer<typeof MERGED_EVENTS.log>
export type MergedStatus = z.infer<typeof MERGED_EVENTS.status>
export type MergedError = z.infer<typeof MERGED_EVENTS.error>
export type MergedDone = z.infer<typeof MERGED_EVENTS.done>
export type MergedGap = z.infer<typeof MERGED_EVENTS.gap>
export type MemberEvent = z.infer<typeof memberEventSchema>
export type EndEvent = z.infer<typeof endEventSchema>
