import type { NodeRecord, Phase } from '@launchtail/client'
import { client } from '../session.js'

export interface Usual {
  /** How many launches that is known from. */
  readonly launches: number
  /** What each phase took in the middle of them, in ms. */
  readonly durations: ReadonlyMap<Phase, number>
}

/** From so many launches on, there is a usual one. */
const ENOUGH = 3

/** What the phases of launches like this one usually take: by the closest kind that is common. */
export async function usualOf(
  kind: Partial<Pick<NodeRecord, 'provider' | 'gpu' | 'model'>>,
): Promise<Usual | undefined> {
  for (const by of [['provider', 'gpu', 'model'], ['provider', 'gpu'], ['provider']] as const) {
    const { groups } = await client.peek().getStats({ by, last: 0 })
    const group = groups.find((one) => by.every((name) => one[name] === kind[name]))
    if (!group || group.launches < ENOUGH) continue
    return {
      launches: group.launches,
      durations: new Map(group.phases.map(({ phase, p50_ms }) => [phase, p50_ms])),
    }
  }
  return undefined
}
