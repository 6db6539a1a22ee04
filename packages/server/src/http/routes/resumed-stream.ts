import type { IncomingMessage, ServerResponse } from 'node:http'
import { NODE_ID, operations, type StreamQuery, streamQuery } from '@launchtail/client/protocol'
import { createLogFilter } from '../../find/log-filter.js'
import { hasScope, type Principal } from '../../rights/principal.js'
import { FOLLOWING } from '../../stream/ending.js'
import type { Feeds } from '../../stream/feeds.js'
import { FORMATS } from '../../stream/formats.js'
import { planResume } from '../../stream/plan.js'
import type { Shortcut } from '../app.js'
import { countOf } from '../headers.js'
import type { Limits } from '../limits/limits.js'
import { streamHeaders } from '../stream-headers.js'

/**
 * The shortcut for readers that come again: after a restart, or when a network is back, thousands do
 * at once. One that resumes a log which others watch needs nothing from the storage, and is served in
 * one turn of the loop. Whatever is not surely served so is left to the route.
 */
export interface ResumedStream {
  readonly shortcut: Shortcut
  /** Remembers how the route has read the query of a request. */
  remember(request: IncomingMessage, query: StreamQuery): void
}

/** Queries that are remembered: the readers of one page or program send the same one. */
const MAX_QUERIES = 1000
const STREAM = /^\/admin\/nodes\/([^/?]+)\/logs\/stream(?:\?(.*))?$/
const ACCEPTED = new Set([undefined, '*/*', 'text/event-stream'])

export interface ResumedStreamOptions {
  feeds: Pick<Feeds, 'opened'>
  /** Called with each request that is served here. */
  onAdmitted: (principal: Principal, response: ServerResponse) => void
  limits: Pick<Limits, 'streams' | 'requests'>
}

export function createResumedStream({
  feeds,
  onAdmitted,
  limits,
}: ResumedStreamOptions): ResumedStream {
  const queries = new Map([['', streamQuery.parse({})]])
  return { shortcut, remember }

  function shortcut(
    request: IncomingMessage,
    response: ServerResponse,
    admitted: () => Principal | undefined,
  ): boolean {
    const { method, url = '', headers } = request
    const lastEventId = headers['last-event-id']
    if (method !== 'GET' || !lastEventId || !ACCEPTED.has(headers.accept)) return false
    const [, id = '', search = ''] = STREAM.exec(url) ?? []
    const query = queries.get(search)
    if (!query || !NODE_ID.test(id) || isOdd(request)) return false
    const principal = admitted()
    if (!principal || !mayRead(principal, id)) return false
    const asked = { principal, request }
    if (!limits.requests.hasRoom(principal) || !limits.streams.hasRoom(asked)) return false
    const watched = feeds.opened(id)
    const phase = watched?.feed.phase()
    // Where the list shows no phase, the record decides how the stream ends.
    if (!watched?.feed.reachable() || phase === undefined) return false
    const plan = planResume(
      {
        filter: createLogFilter({ levels: query.level }),
        format: FORMATS.sse,
        lastEventId: String(lastEventId),
      },
      { feed: watched.feed, phase, ending: FOLLOWING },
    )
    if (!plan) return false
    onAdmitted(principal, response)
    limits.streams.take(asked, response)
    response.writeHead(200, streamHeaders(plan.format))
    watched.fanout.add({ ...plan, response })
    return true
  }

  function remember({ url = '' }: IncomingMessage, query: StreamQuery): void {
    const { follow, since, q, launch, last_event_id, lastEventId } = query
    // A reader with a ticket is not served here.
    if (/[?&]ticket=/.test(url)) return
    // A duration back from now is another time at each request, and an id is another one as well.
    if (!follow || since || q || launch || last_event_id || lastEventId) return
    const [, , search = ''] = STREAM.exec(url) ?? []
    if (queries.size < MAX_QUERIES) queries.set(search, query)
  }
}

/** False where the record of the node must be asked. */
function mayRead(principal: Principal, nodeId: string): boolean {
  if (principal.nodes?.launches) return false
  return (
    hasScope(principal, operations.streamNodeLogs.scope) && principal.nodes?.has(nodeId) !== false
  )
}

/** True for a request that the route may refuse, or whose body must be read. */
function isOdd(request: IncomingMessage): boolean {
  const { headers } = request
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) {
    return true
  }
  return countOf(request, 'Last-Event-ID') > 1
}
