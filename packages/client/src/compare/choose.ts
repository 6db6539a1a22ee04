import type { LaunchSummary } from '../protocol/node-launches.js'

/** One of the launches that are compared: a node and, unless it is to be chosen, a launch's number. */
export interface Side {
  readonly node: string
  readonly number?: number | undefined
}

/**
 * Reads `node@2`, or `node` where the launch is to be chosen. With a `usual` node, a number alone is a
 * launch of that one.
 */
export function parseSide(text: string, usual?: string): Side | undefined {
  if (usual !== undefined && /^\d{1,9}$/.test(text)) return { node: usual, number: Number(text) }
  const [, node, number] = /^([^@\s]+)(?:@(\d{0,9}))?$/.exec(text) ?? []
  if (node === undefined) return undefined
  return { node, ...(number && { number: Number(number) }) }
}

export type Pair = readonly [left: LaunchSummary, right: LaunchSummary]

interface Named {
  readonly left?: number | undefined
  readonly right?: number | undefined
}

/**
 * The launches of a node that are named by their numbers. Otherwise the newest one is on the right,
 * beside the newest of those that ended differently: what failed stands beside what worked.
 * `launches` are newest first.
 */
export function choosePair(
  launches: readonly LaunchSummary[],
  { left, right }: Named,
): Pair | undefined {
  const [newest] = launches
  if (!newest || launches.length < 2) return undefined
  const named = (wanted?: number) => launches.find(({ number }) => number === wanted)
  const chosen = named(right) ?? newest
  return [named(left) ?? contrastTo(chosen, launches), chosen]
}

function contrastTo(launch: LaunchSummary, launches: readonly LaunchSummary[]): LaunchSummary {
  const others = launches.filter((one) => one !== launch)
  const wanted = launch.outcome === 'succeeded' ? 'failed' : 'succeeded'
  return others.find(({ outcome }) => outcome === wanted) ?? others[0] ?? launch
}
