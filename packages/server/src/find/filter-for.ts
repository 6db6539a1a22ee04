import type { Level } from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import { createLogFilter, type LogFilter } from './log-filter.js'
import { createMatcher, type MatcherOptions } from './matcher.js'

export interface FilterForOptions extends Omit<MatcherOptions, 'nodeId' | 'follow'> {
  levels: ReadonlySet<Level> | undefined
  find: Query | undefined
}

/** The filter of a stream for one node's log; undefined where it shows everything. */
export async function filterFor(
  nodeId: string,
  { levels, find, ...options }: FilterForOptions,
): Promise<LogFilter | undefined> {
  if (!find) return createLogFilter({ levels })
  const matcher = await createMatcher(find, { ...options, nodeId, follow: true })
  // Queries that count from now find something else at each request, so they share nothing.
  const matcherKey = find.isRelative ? `${find.text} ${options.now}` : find.text
  return createLogFilter({ levels, matcher, matcherKey })
}
