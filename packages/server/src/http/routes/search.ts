import type { AnswerOf, Operations, ParsedQuery } from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Archive } from '../../find/archive/archive.js'
import type { SearchAnswer } from '../../find/archive/question.js'
import type { Registry } from '../../nodes/registry.js'
import type { Merged } from '../../stream/merged/merged.js'
import { entriesOf } from '../entries-of.js'
import type { Limits } from '../limits/limits.js'
import { type Json, serve } from '../operation.js'
import { partOf } from '../part-of.js'

export interface SearchOptions {
  archive: Archive
  registry: Pick<Registry, 'find' | 'launches'>
  merged: Pick<Merged, 'joining'>
  limits: Pick<Limits, 'searches'>
}

/** Entries of all nodes, and how many there are. */
export function mountSearch(
  app: FastifyInstance,
  { archive, registry, merged, limits }: SearchOptions,
): void {
  serve(app, {
    async searchLogs({ query, find, request }) {
      countSearch(request)
      const { limit, order, cursor, context } = query
      const part = await partOf(registry, query)
      const question = { ...entriesOf(query), part, limit, order, cursor, context }
      const joining = await joiningOf(query, find)
      const found = await archive.search(question, find)
      // With more to be found in this order, the newest entries are not among these.
      const isNewest = order === 'desc' || found.cursor === undefined
      const lastId = isNewest ? await joining?.idAt(found.upTo) : undefined
      const headers = { 'Log-Cursor': lastId, 'Query-Hint': find?.hints[0] }
      return { answer: bodyOf(found), headers }
    },

    async countLogs({ query, find, request }) {
      countSearch(request)
      const part = await partOf(registry, query)
      const question = { ...entriesOf(query), part, bucket: query.bucket }
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

  function countSearch({ principal }: FastifyRequest): void {
    limits.searches.check(principal)
    limits.searches.spend(principal)
  }

  /** The stream knows phases of launches alone, and the older pages have no newest entry. */
  async function joiningOf(
    {
      node: nodes,
      level: levels,
      phase,
      launch,
      order,
      cursor,
    }: ParsedQuery<Operations['searchLogs']>,
    find: Query | undefined,
  ) {
    if (phase || launch || (order === 'desc' && cursor !== undefined)) return undefined
    const joining = await merged.joining({ nodes, levels, find, phase })
    if (!joining) return undefined
    return {
      idAt: async (upTo: number) => joining.idAt(await archive.reachedBy(joining.nodeIds, upTo)),
    }
  }
}

/** The entries are JSON already. */
function bodyOf({ logs, isComplete, cursor, lookedUpTo }: SearchAnswer) {
  const more = JSON.stringify({ cursor, ...(!isComplete && { searched_back_to: lookedUpTo }) })
  const rest = more === '{}' ? '' : `,${more.slice(1, -1)}`
  return `{"count":${logs.length},"complete":${isComplete},"logs":[${logs.join(',')}]${rest}}` as Json<
    AnswerOf<Operations['searchLogs']>
  >
}
