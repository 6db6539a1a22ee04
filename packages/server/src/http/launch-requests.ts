import type { LaunchSummary, NodeLaunch } from '@launchtail/client/protocol'

/**
 * Launches, newest first, each with the request that it was made by, if this server made it. A launch
 * begins with its first entry, soon after its request.
 */
export function withRequests(
  launches: readonly LaunchSummary[],
  asked: readonly (Pick<NodeLaunch, 'request'> & { readonly askedAt: string })[],
): LaunchSummary[] {
  return launches.map((launch, i) => {
    const [from, to] = [timeOf(launches[i + 1]), timeOf(launch)]
    const own = asked.findLast(({ askedAt }) => {
      const time = Date.parse(askedAt)
      return time > (from ?? 0) && time <= (to ?? Number.POSITIVE_INFINITY)
    })
    return own ? { ...launch, request: own.request } : launch
  })
}

function timeOf(launch: LaunchSummary | undefined): number | undefined {
  return launch?.started_at === undefined ? undefined : Date.parse(launch.started_at)
}
