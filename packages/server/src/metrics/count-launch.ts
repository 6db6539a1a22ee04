import { goesOn, type Phase } from '@launchtail/client/protocol'
import type { Ended } from '../nodes/ends/ended.js'
import { afterLaunchEvents, type LaunchReader } from '../nodes/launch-events/launch-reader.js'
import type { Counts } from './counts.js'

type LaunchCounts = Pick<Counts, 'ends' | 'launches' | 'timeToActive' | 'phases'>

/** Launches that are remembered as counted. */
const REMEMBERED = 1000

/** Counts the launches that end. A record that is rebuilt from its list tells of them again. */
export function launchCounter(counts: LaunchCounts): LaunchReader {
  const counted = new Set<string>()
  return afterLaunchEvents(({ nodeId, about, events }) => {
    for (const event of events) {
      const launch = `${nodeId} ${event.started_at}`
      if (event.kind !== 'ended' || event.again || counted.has(launch)) continue
      counted.add(launch)
      if (counted.size > REMEMBERED) counted.delete(counted.values().next().value as string)
      count(counts, event.ended, about.provider)
    }
  })
}

function count(counts: LaunchCounts, ended: Ended, provider: string | undefined): void {
  const { outcome, code = 'none', phases } = ended
  const place = providerLabel(provider)
  counts.ends.add({ outcome })
  counts.launches.add({ outcome, cause: code, provider: place })
  if (outcome === 'succeeded') counts.timeToActive.observe({ provider: place }, secondsOf(ended))
  const last: Phase | undefined = outcome === 'succeeded' ? 'active' : undefined
  for (const [i, { phase, duration_ms }] of phases.entries()) {
    const next = phases[i + 1]?.phase ?? last
    // How long a launch was in the phase in which it failed says nothing.
    if (next === undefined || !goesOn(phase, next)) continue
    counts.phases.observe({ phase }, duration_ms / 1000)
  }
}

function secondsOf({ started_at, ended_at }: Ended): number {
  return Math.max(0, Date.parse(ended_at) - Date.parse(started_at)) / 1000
}

/** Names that have been labels. More than so many are none of providers. */
const labels = new Set<string>()
const MOST_LABELS = 50

/** Whoever launches names the provider, and each name is a time series: it must look like one. */
function providerLabel(provider = 'unknown'): string {
  if (labels.has(provider)) return provider
  if (!/^[a-z][a-z0-9_-]{0,23}$/.test(provider) || labels.size >= MOST_LABELS) return 'other'
  labels.add(provider)
  return provider
}
