import type { FastifyInstance } from 'fastify'
import type { Tokens } from '../../rights/tokens.js'
import { serve } from '../operation.js'

/** Tokens with some rights. */
export function mountTokens(
  app: FastifyInstance,
  { tokens }: { tokens: Pick<Tokens, 'list' | 'create' | 'revoke'> },
): void {
  serve(app, {
    async listTokens() {
      const all = tokens.list()
      return { tokens: all, count: all.length }
    },

    createToken: ({ body, request }) => tokens.create(body, request.principal?.name ?? ''),

    async revokeToken({ id }) {
      await tokens.revoke(id)
    },
  })
}
