import type { IncomingMessage } from 'node:http'
import { HttpError } from '../errors.js'
import type { StreamTickets, Ticket } from '../nodes/stream-tickets.js'
import { nodeLimits, type Principal } from '../rights/principal.js'
import type { Authenticator } from './auth.js'
import type { Guesses } from './guesses.js'
import { countOf } from './headers.js'

/** The one kind of request that may bear a ticket in place of the token. */
const STREAM = /^\/admin\/nodes\/([A-Za-z0-9._-]+)\/logs\/stream\?(.*)$/

export interface TicketAuthOptions {
  authenticator: Authenticator
  tickets: Pick<StreamTickets, 'redeem'>
  guesses: Guesses
}

export interface TicketAuthenticator extends Pick<Authenticator, 'authenticate'> {
  /** The ticket that a request was let in with. */
  ticketOf(request: IncomingMessage): Ticket | undefined
}

/** Lets a stream be read with `?ticket=`, by a page of the ticket's origin. Everything else needs the token. */
export function withTickets({
  authenticator,
  tickets,
  guesses,
}: TicketAuthOptions): TicketAuthenticator {
  const admitted = new WeakMap<IncomingMessage, Ticket>()
  return { authenticate, ticketOf: (request) => admitted.get(request) }

  function authenticate(request: IncomingMessage): Principal {
    const [nodeId, text] = ticketIn(request)
    if (nodeId === undefined || text === undefined) return authenticator.authenticate(request)
    guesses.check(request)
    const ticket = tickets.redeem(text, nodeId)
    // It is no guess: nobody finds one of 192 bits, and a page with an old one must lock nobody out.
    if (!ticket || !isFrom(request, ticket) || !mayAsk(request, ticket)) {
      throw new HttpError(401, 'invalid stream ticket')
    }
    admitted.set(request, ticket)
    return readerWith(ticket)
  }
}

/** It counts as one of those who have the token that the ticket was asked for with. */
function readerWith({ caller, nodeId }: Ticket): Principal {
  const nodes = nodeLimits({ nodes: [nodeId] })
  return {
    id: caller,
    name: 'stream ticket',
    scopes: new Set(['read']),
    ...(nodes && { nodes }),
    isRevocable: true,
  }
}

function ticketIn({ method, url = '', headers }: IncomingMessage): [string?, string?] {
  if (method !== 'GET' || headers['x-admin-token'] !== undefined) return []
  const [, nodeId, search] = STREAM.exec(url) ?? []
  const [text, ...others] = new Set(new URLSearchParams(search).getAll('ticket'))
  if (nodeId === undefined || text === undefined) return []
  // Nobody knows which of several is meant.
  return [nodeId, others.length > 0 ? '' : text]
}

/** A browser names the origin of the page, except where that is the server's own, as in `/embed/{node}`. */
function isFrom(request: IncomingMessage, { origin, embedded }: Ticket): boolean {
  const named = request.headers.origin
  return named === undefined ? embedded : named === origin && countOf(request, 'Origin') === 1
}

/** After the end, the reader asks once more, and is told that there is no more. */
function mayAsk({ headers, url = '' }: IncomingMessage, { over }: Ticket): boolean {
  return !over || headers['last-event-id'] !== undefined || /[?&]last_?event_?id=/i.test(url)
}

/** An address without its ticket, for the log. */
export function withoutTicket(url: string): string {
  return url.replace(/([?&])([^=&#]*)=[^&#]*/g, (all, mark: string, name: string) =>
    isTicket(name) ? `${mark}${name}=***` : all,
  )
}

/** A name may be escaped, and is read all the same. */
function isTicket(name: string): boolean {
  return new URLSearchParams(`${name}=`).has('ticket')
}
