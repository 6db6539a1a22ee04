import type { Received } from '../support/receiver.js'
import { enteredIn, type Line } from './launches.js'

interface Told {
  readonly id: string
  readonly type: string
  readonly data: {
    readonly seq: number
    readonly to?: string
    readonly phase?: string
    readonly launch: { readonly node_id: string }
  }
}

/** Of a webhook that is told of every change of phase. */
export const TOLD_EVENTS = ['launch.started', 'launch.phase_changed']

/**
 * What is wrong with what a receiver was told of launches, in words: each phase that a log enters must have come
 * once, in their order. A message that was sent again has its first id, and counts once.
 */
export function wronglyTold(
  received: readonly Received[],
  written: ReadonlyMap<string, readonly Line[]>,
): string[] {
  const messages = new Map<string, Told>()
  for (const { headers, body } of received) {
    const id = String(headers['webhook-id'])
    messages.set(id, { ...JSON.parse(body), id })
  }
  return [...written].flatMap(([nodeId, lines]) => {
    const own = [...messages.values()]
      .filter(({ data }) => data.launch.node_id === nodeId)
      .sort((a, b) => a.data.seq - b.data.seq)
    // The first entry of a second launch is both.
    const changes = own.filter(({ type }) => type === 'launch.phase_changed')
    const told = changes.map(({ data }) => data.to)
    const expected = changesIn(lines)
    return JSON.stringify(told) === JSON.stringify(expected)
      ? []
      : [`${nodeId}: was told of ${told}, and should of ${expected}`]
  })
}

/** A launch's first phase is its start, and no change. */
function changesIn(lines: readonly Line[]): string[] {
  const entered = enteredIn(lines)
  return entered.filter((_, i) => {
    const before = entered[i - 1]
    return before !== undefined && before !== 'active'
  })
}
