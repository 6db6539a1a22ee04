import type { FastifyInstance } from 'fastify'
import { onceClosed } from '../../async/once-closed.js'
import { HttpError, nodeNotFound } from '../../errors.js'
import type { Registry } from '../../nodes/registry.js'
import type { StreamTickets } from '../../nodes/stream-tickets.js'
import { serve } from '../operation.js'
import type { TicketAuthenticator } from '../ticket-auth.js'

export interface StreamTicketsOptions {
  tickets: StreamTickets
  ticketOf: TicketAuthenticator['ticketOf']
  registry: Pick<Registry, 'isKnown' | 'find'>
  /** The origins that may be given a ticket. */
  origins: readonly string[]
}

/** Tickets with which pages of other origins read a node's stream, and what ends them. */
export function mountStreamTickets(
  app: FastifyInstance,
  { tickets, ticketOf, registry, origins }: StreamTicketsOptions,
): void {
  serve(app, {
    async createStreamTicket({ body: { node_id: nodeId, origin }, request }) {
      if (!origins.includes(origin)) {
        throw new HttpError(403, `'${origin}' is not one of LAUNCHTAIL_ORIGINS`)
      }
      if (!(await registry.isKnown(nodeId))) throw nodeNotFound()
      const caller = request.principal?.id ?? ''
      return { ticket: await tickets.create({ nodeId, origin, caller }) }
    },

    revokeStreamTickets: async ({ body: { ticket, node_id: nodeId } }) => ({
      revoked: await tickets.revoke({ ticket, nodeId }),
    }),
  })

  app.addHook('onRequest', (request, reply, done) => {
    const ticket = ticketOf(request.raw)
    if (ticket) {
      tickets.opened(ticket, request.raw.socket)
      onceClosed(reply.raw, () => {
        // The reader has seen the end, and will not ask again.
        if (reply.raw.statusCode === 204) tickets.forget(ticket)
        else void endIfOver(ticket)
      })
    }
    done()
  })

  async function endIfOver(ticket: Parameters<StreamTickets['over']>[0]): Promise<void> {
    // Where the records are out of reach, the ticket is good until its time is over.
    const node = await registry.find(ticket.nodeId).catch(() => undefined)
    if (node?.ended_at !== undefined) tickets.over(ticket)
  }
}
