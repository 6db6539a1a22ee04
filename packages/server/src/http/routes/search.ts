import type { AnswerOf, Operations } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import type { Archive } from '../../find/archive/archive.js'
import type { SearchAnswer } from '../../find/archive/question.js'
import { type Json, serve } from '../operation.js'

export interface SearchOptions {
  archive: Archive
}

/** `GET /admin/logs`: entries of all nodes. */
export function mountSearch(app: FastifyInstance, { archive }: SearchOptions): void {
  serve(app, {
    async searchLogs({ query, find }) {
      const { since, until, level: levels, phase, node: nodes } = query
      const { limit, order, cursor, context } = query
      const which = { now: Date.now(), since, until, levels, phase, nodes }
      const found = await archive.search({ ...which, limit, order, cursor, context }, find)
      const answer = bodyOf(found)
      return { answer, headers: { 'Query-Hint': find?.hints[0] } }
    },
  })
}

/** The entries are JSON already. */
function bodyOf({ logs, isComplete, cursor, lookedUpTo }: SearchAnswer) {
  const more = JSON.stringify({ cursor, ...(!isComplete && { searched_back_to: lookedUpTo }) })
  const rest = more === '{}' ? '' : `,${more.slice(1, -1)}`
  return `{"count":${logs.length},"complete":${isComplete},"logs":[${logs.join(',')}]${rest}}` as Json<
    AnswerOf<Operations['searchLogs']>
  >
}
