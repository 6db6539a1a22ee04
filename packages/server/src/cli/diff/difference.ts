import type { Client } from '@launchtail/client'
import { alignByPhase, differencesOf, timesOf, whySlower } from '@launchtail/client/compare'
import type { Compared } from './launches.js'

/** What differs between two launches. */
export interface LaunchDifference {
  readonly left: Compared['launch']
  readonly right: Compared['launch']
  readonly names: readonly [left: string, right: string]
  readonly fields: ReturnType<typeof differencesOf>
  readonly times: ReturnType<typeof timesOf>
  /** Why one was slower, in a sentence. */
  readonly why: string
  readonly phases: ReturnType<typeof alignByPhase>
}

/** Entries that are compared: the newest of each launch. */
const MOST_LINES = 5000

export async function differenceOf(
  client: Client,
  [left, right]: readonly [left: Compared, right: Compared],
): Promise<LaunchDifference> {
  const names = [left.name, right.name] as const
  const [a, b] = [left.launch, right.launch]
  return {
    ...{ left: a, right: b, names },
    fields: differencesOf(a, b),
    times: timesOf(a, b),
    why: whySlower(a, b, names),
    phases: alignByPhase(await linesOf(client, left), await linesOf(client, right)),
  }
}

async function linesOf(client: Client, { node, launch: { number } }: Compared) {
  return (await client.getNodeLogs(node, { launch: number, tail: MOST_LINES })).logs
}
