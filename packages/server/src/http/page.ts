import { fileURLToPath } from 'node:url'
import files from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'

/** Nothing inline, nothing from elsewhere, in nobody's frame. */
const PAGE_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
}

/** The page at `/`. */
export function mountPage(app: FastifyInstance): void {
  const root = fileURLToPath(new URL('../../../dashboard/public/', import.meta.url))
  app.register(files, {
    root,
    cacheControl: false,
    // A route for each file there is, so that all else is answered as any unknown path is.
    wildcard: false,
    setHeaders(reply) {
      reply.headers(PAGE_HEADERS)
    },
  })
}

export function asPage(reply: FastifyReply): FastifyReply {
  return reply.type('text/html; charset=utf-8').headers(PAGE_HEADERS)
}
