import { type Answer, jsonOf } from './call.js'
import type { CallOptions } from './options.js'
import type { NewStreamTicket, RevokedStreamTickets } from './protocol/stream-tickets.js'
import type { Connection } from './request.js'

/** Tickets with which a page of another origin reads a node's stream, without the token. */
export interface StreamTicketCalls {
  createStreamTicket(
    ticket: NewStreamTicket,
    options?: CallOptions,
  ): Promise<Answer<'createStreamTicket'>>
  revokeStreamTickets(
    which: RevokedStreamTickets,
    options?: CallOptions,
  ): Promise<Answer<'revokeStreamTickets'>>
}

export function streamTickets(connection: Connection): StreamTicketCalls {
  const json = jsonOf(connection)
  return {
    createStreamTicket: (body, { signal } = {}) => json('createStreamTicket', { body, signal }),
    revokeStreamTickets: (body, { signal } = {}) => json('revokeStreamTickets', { body, signal }),
  }
}
