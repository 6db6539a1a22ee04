import * as z from 'zod'
import { nodeSchema } from './node.js'
import { answers } from './schemas.js'

/** How many nodes the stream of all nodes begins with at most: the newest. */
export const FLEET_SIZE = 1000

const readyEventSchema = z
  .object({
    count: z.number().int().describe('How many nodes came.'),
    total: z.number().int().describe('How many there are in all.'),
  })
  .describe('The nodes of now are told: what follows are changes.')
  .register(answers, { id: 'ReadyEvent' })

const deletedEventSchema = z
  .object({ node_id: z.string() })
  .describe('There is no such node any more.')
  .register(answers, { id: 'DeletedEvent' })

/** The events of the stream of all nodes, with the schema of each one's data. */
export const FLEET_EVENTS = {
  node: nodeSchema,
  ready: readyEventSchema,
  deleted: deletedEventSchema,
} as const

export type ReadyEvent = z.infer<typeof readyEventSchema>
export type DeletedEvent = z.infer<typeof deletedEventSchema>
