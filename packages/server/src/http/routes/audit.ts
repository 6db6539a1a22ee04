import type { Instant } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import type { Audit } from '../../rights/audit/audit.js'
import { serve } from '../operation.js'

/** `GET /admin/audit`. */
export function mountAudit(app: FastifyInstance, { audit }: { audit: Pick<Audit, 'list'> }): void {
  serve(app, {
    async listAudit({ query: { since, until, ...filter } }) {
      const { audit: lines, cursor } = await audit.list({
        ...filter,
        since: since && millisecondsOf(since),
        until: until && millisecondsOf(until),
      })
      return { audit: lines, count: lines.length, cursor }
    },
  })
}

function millisecondsOf({ seconds, nanos }: Instant): number {
  return seconds * 1000 + Math.floor(nanos / 1e6)
}
