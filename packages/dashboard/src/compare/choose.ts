import type { LaunchSummary } from '@launchtail/client'

export type Pair = readonly [left: LaunchSummary, right: LaunchSummary]

/**
 * The launches that the address names. Otherwise the newest one is on the right, beside the newest of
 * those that ended differently: what failed stands beside what worked. `launches` are newest first.
 */
export function choosePair(
  launches: readonly LaunchSummary[],
  query: Pick<URLSearchParams, 'get'>,
): Pair | undefined {
  const [newest] = launches
  if (!newest || launches.length < 2) return undefined
  const named = (side: string) => launches.find(({ number }) => String(number) === query.get(side))
  const right = named('right') ?? newest
  return [named('left') ?? contrastTo(right, launches), right]
}

function contrastTo(launch: LaunchSummary, launches: readonly LaunchSummary[]): LaunchSummary {
  const others = launches.filter((one) => one !== launch)
  const wanted = launch.outcome === 'succeeded' ? 'failed' : 'succeeded'
  return others.find(({ outcome }) => outcome === wanted) ?? others[0] ?? launch
}
