import type { AnswerOf, Operations } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import type { Archive } from '../../find/archive/archive.js'
import type { SearchAnswer } from '../../find/archive/question.js'
import { entriesOf } from '../entries-of.js'
import { type Json, serve } from '../operation.js'

export interface SearchOptions {
  archive: Archive
}

/** Entries of all nodes, and how many there are. */
export function mountSearch(app: FastifyInstance, { archive }: SearchOptions): void {
  serve(app, {
    async searchLogs({ query, find }) {
      const { limit, order, cursor, context } = query
      const question = { ...entriesOf(query), limit, order, cursor, context }
      const answer = bodyOf(await archive.search(question, find))
      return { answer, headers: { 'Query-Hint': find?.hints[0] } }
    },

    async countLogs({ query, find }) {
      const question = { ...entriesOf(query), bucket: query.bucket }
      const { count, step, buckets, isComplete, lookedUpTo } = await archive.count(question, find)
      const answer = {
        count,
        complete: isComplete,
        bucket_seconds: step,
        buckets: buckets.map(({ from, ...counts }) => ({
          from: new Date(from).toISOString(),
          ...counts,
        })),
        ...(!isComplete && lookedUpTo !== undefined && { searched_back_to: lookedUpTo }),
      }
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
