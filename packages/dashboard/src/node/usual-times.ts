import type { NodeRecord, Phase } from '@launchtail/client'
import { client } from '../session.js'

export interface UsualTimes {
  /** How many launches they come from. */
  readonly launches: number
  /** The median of each phase, in ms. */
  readonly medians: ReadonlyMap<Phase, number>
}

/** Fewer launches than this say nothing about what is usual. */
const FEWEST = 3

/** How long the phases usually take, by the launches most like this one that are enough of them. */
export async function usualTimesOf(
  kind: Partial<Pick<NodeRecord, 'provider' | 'gpu' | 'model'>>,
): Promise<UsualTimes | undefined> {
  for (const by of [['provider', 'gpu', 'model'], ['provider', 'gpu'], ['provider']] as const) {
    const { groups } = await client.peek().getStats({ by, last: 0 })
    const group = groups.find((one) => by.every((name) => one[name] === kind[name]))
    if (!group || group.launches < FEWEST) continue
    return {
      launches: group.launches,
      medians: new Map(group.phases.map(({ phase, p50_ms }) => [phase, p50_ms])),
    }
  }
  return undefined
}
