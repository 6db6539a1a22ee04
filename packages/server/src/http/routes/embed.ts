import { NODE_ID } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import { HttpError, nodeNotFound } from '../../errors.js'
import type { StreamTickets, Ticket } from '../../nodes/stream-tickets.js'
import { embedPage } from '../embed/page.js'
import { EMBED_SCRIPT } from '../embed/script.js'
import { EMBED_SHEET } from '../embed/sheet.js'
import type { Guesses } from '../guesses.js'

export interface EmbedOptions {
  tickets: Pick<StreamTickets, 'redeem'>
  guesses: Guesses
}

/** `GET /embed/{node}?ticket=`: a node's log to be shown in a frame by a page of the ticket's origin. */
export function mountEmbed(app: FastifyInstance, { tickets, guesses }: EmbedOptions): void {
  app.get('/embed/:id', { exposeHeadRoute: false }, async ({ params, query, raw }, reply) => {
    const { id } = params as { id: string }
    if (!NODE_ID.test(id)) throw nodeNotFound()
    const { ticket: text } = query as { ticket?: unknown }
    guesses.check(raw)
    const ticket =
      typeof text === 'string' ? tickets.redeem(text, id, { embedded: true }) : undefined
    if (!ticket || ticket.over) {
      throw new HttpError(
        401,
        text === undefined ? 'missing stream ticket' : 'invalid stream ticket',
      )
    }
    return reply.type('text/html; charset=utf-8').headers(headersFor(ticket)).send(embedPage())
  })
  app.get('/embed.js', async (_request, reply) =>
    reply
      .type('text/javascript; charset=utf-8')
      .header('Cache-Control', 'no-cache')
      .send(EMBED_SCRIPT),
  )
  app.get('/embed.css', async (_request, reply) =>
    reply.type('text/css; charset=utf-8').header('Cache-Control', 'no-cache').send(EMBED_SHEET),
  )
}

/** Nothing from elsewhere, and no frame but in a page of that origin. The address must not leak: it has the ticket. */
function headersFor({ origin }: Ticket): Record<string, string> {
  return {
    'Content-Security-Policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
      `base-uri 'none'; form-action 'none'; frame-ancestors ${origin}`,
    'Referrer-Policy': 'no-referrer',
  }
}
