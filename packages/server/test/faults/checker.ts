import type { StreamEvent } from '../support/stream.js'

/**
 * What is left of what a reader has seen of a node after its last gap, which takes back all before: a failover may cost
 * what was shown and not acknowledged.
 */
export function heldOf(events: readonly StreamEvent[], nodeId: string): StreamEvent[] {
  const own = events.filter(({ data }) => data.node_id === undefined || data.node_id === nodeId)
  return own.slice(own.findLastIndex(({ event }) => event === 'gap') + 1)
}

/** What is wrong with what a reader has seen of a node, in words; empty where nothing is. */
export function violationsOf(
  who: string,
  events: readonly StreamEvent[],
  nodeId: string,
  log: readonly string[],
): string[] {
  const own = events.filter(({ data }) => data.node_id === undefined || data.node_id === nodeId)
  const others = own.filter(({ event }) => ['gap', 'done', 'end'].includes(event))
  const seen = own.filter(({ event }) => event === 'log').map(({ data }) => String(data.message))
  const wrong = seen.findIndex((message, i) => message !== log[i])
  return [
    ...others.map(({ event, data }) => `${who}: ${event} ${JSON.stringify(data)}`),
    ...(wrong >= 0 ? [`${who}: entry ${wrong} is '${seen[wrong]}', not '${log[wrong]}'`] : []),
    ...(wrong < 0 && seen.length < log.length
      ? [`${who}: has ${seen.length} of ${log.length} entries`]
      : []),
  ]
}
