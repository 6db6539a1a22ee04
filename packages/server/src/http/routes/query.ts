import type { FastifyInstance } from 'fastify'
import { serve } from '../operation.js'

/** `GET /admin/query`: how a query is understood, without running it. */
export function mountQuery(app: FastifyInstance): void {
  serve(app, {
    async explainQuery({ find }) {
      const { FIELD_REFERENCE, OPERATORS } = await import('@launchtail/client/query/reference')
      const fields = FIELD_REFERENCE.map(({ values, ...field }) => ({
        ...field,
        ...(values && { values: [...values] }),
      }))
      return {
        query: find?.text ?? '',
        hints: [...(find?.hints ?? [])],
        fields,
        operators: [...OPERATORS],
      }
    },
  })
}
