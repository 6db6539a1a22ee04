import * as z from 'zod'
import { NODE_ID } from './node.js'
import { answers, requests } from './schemas.js'

const nodeId = z.string().regex(NODE_ID, 'must be the id of a node')

/** Who may read a node's stream from a page of another origin. */
export const newTicketSchema = z
  .strictObject({
    node_id: nodeId.describe('The node whose stream may be read.'),
    origin: z
      .string()
      .max(512, 'must have at most 512 characters')
      .refine(isOrigin, 'must be an origin, such as https://example.org')
      .describe('The origin of the page that reads it: one of `LAUNCHTAIL_ORIGINS`.'),
  })
  .register(requests, { id: 'NewStreamTicket' })

export const ticketSchema = z
  .object({
    ticket: z
      .string()
      .describe(
        'For `?ticket=` of the node’s stream and of `/embed/{node}`. To be used within 60 s, and then for 24 h or until `done`.',
      ),
  })
  .register(answers, { id: 'StreamTicket' })

/** Which tickets are not to be good any more. */
export const revokedTicketsSchema = z
  .strictObject({
    ticket: z.string().max(512, 'must have at most 512 characters').optional(),
    node_id: nodeId.optional().describe('All tickets of this node.'),
  })
  .refine(({ ticket, node_id }) => (ticket === undefined) !== (node_id === undefined), {
    message: 'must have either a ticket or a node_id',
  })
  .register(requests, { id: 'RevokedStreamTickets' })

export const revokedSchema = z
  .object({ revoked: z.number().int().describe('How many there were.') })
  .register(answers, { id: 'RevokedCount' })

/** True for a scheme, a host and perhaps a port, written as browsers write them. */
export function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text
}

export type NewStreamTicket = z.input<typeof newTicketSchema>
export type RevokedStreamTickets = z.input<typeof revokedTicketsSchema>
