import { formatCursor } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import { nodeNotFound } from '../../errors.js'
import { passingInTurns } from '../../find/in-turns.js'
import { writeEntry } from '../../logs/entry-text.js'
import type { Looks } from '../../nodes/looks/looks.js'
import type { Registry } from '../../nodes/registry.js'
import { answerInPieces, textOfPages } from '../answer-pages.js'
import { type Excerpts, hintOf, refuseBoth } from '../excerpts.js'
import { historyBody, historyText } from '../history-body.js'
import { serve } from '../operation.js'

export interface LogsOptions {
  registry: Registry
  looks: Pick<Looks, 'seen'>
  excerpts: Excerpts
}

/** `GET /admin/nodes/{id}/logs`: the log as JSON. */
export function mountLogs(app: FastifyInstance, { registry, looks, excerpts }: LogsOptions): void {
  const { passingOf, excerptOf, readerOf } = excerpts
  serve(app, {
    async getNodeLogs({ id, query, find: asked, reply }) {
      refuseBoth(query)
      // A record costs more to read than the log, so it is read only where there is no log.
      if (!(await registry.isKnown(id))) throw nodeNotFound()
      looks.seen(id)
      const passing = await passingOf(id, query, asked)
      const { excerpt, isExpired } = await excerptOf(id, query, (log) => {
        const read = readerOf(id, log)
        return async (texts, from) => {
          if (!passing) return log.write(id, texts, () => read(texts, from))
          const entries = await passingInTurns(await read(texts, from), passing)
          return entries.map((entry) => entry && writeEntry(entry))
        }
      })
      const { first, last, found } = excerpt
      return {
        answer: found
          ? historyBody(id, found)
          : answerInPieces(textOfPages(excerpt.pages(), historyText(id)), reply.raw),
        headers: {
          'Log-First': first && formatCursor(first),
          'Log-Cursor': formatCursor(last),
          'Log-Expired': isExpired ? 'true' : undefined,
          'Query-Hint': hintOf(asked),
        },
      }
    },
  })
}
