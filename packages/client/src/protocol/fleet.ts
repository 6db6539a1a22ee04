import * as z from 'zod'
import { nodeSchema } from './node.js'
import { answers } from './schemas.js'

/** The stream of all nodes begins with at most this many of them, the newest. */
export const FLEET_SIZE = 1000

const readyEventSchema = z
  .object({
    count: z.number().int().describe('How many nodes were sent.'),
    total: z.number().int().describe('How many nodes there are.'),
  })
  .describe('The current nodes have been sent, and changes follow.')
  .register(answers, { id: 'ReadyEvent' })

const deletedEventSchema = z
  .object({ node_id: z.string() })
  .describe('The node no longer exists.')
  .register(answers, { id: 'DeletedEvent' })

/** The events of the stream of all nodes, and the schema of each event's data. */
export const FLEET_EVENTS = {
  node: nodeSchema,
  ready: readyEventSchema,
  deleted: deletedEventSchema,
} as const

export type ReadyEvent = z.infer<typeof readyEventSchema>
export type DeletedEvent = z.infer<typeof deletedEventSchema>
