import {
  goesOn,
  type PastLaunch,
  PHASES,
  type Phase,
  type Stats,
  type StatsGroup,
  type StatsKey,
} from '@launchtail/client/protocol'
import { percentile } from './past.js'
import { overTime } from './stats-over-time.js'

export interface StatsOptions {
  /** The fields to group by; without any there are no groups. */
  by: readonly StatsKey[]
  /** How many of the launches to list one by one. */
  last: number
  /** Milliseconds since 1970. */
  now: number
}

/** Summarizes launches, which must be sorted by their ends, newest first. */
export function statsOf(launches: readonly PastLaunch[], { by, last, now }: StatsOptions): Stats {
  return {
    total: groupOf(launches),
    groups: by.length > 0 ? groupsOf(launches, by) : [],
    over_time: overTime(launches, now),
    last: launches.slice(0, last),
  }
}

function groupsOf(launches: readonly PastLaunch[], by: readonly StatsKey[]): Stats['groups'] {
  const groups = new Map<string, PastLaunch[]>()
  for (const launch of launches) {
    const key = JSON.stringify(by.map((name) => launch[name]))
    const group = groups.get(key)
    if (group) group.push(launch)
    else groups.set(key, [launch])
  }
  return [...groups.values()]
    .sort((a, b) => b.length - a.length)
    .map((group) => {
      const [first] = group
      const given = by.filter((name) => first?.[name] !== undefined)
      return {
        ...Object.fromEntries(given.map((name) => [name, first?.[name]])),
        ...groupOf(group),
      }
    })
}

function groupOf(launches: readonly PastLaunch[]): StatsGroup {
  const outcomes = { succeeded: 0, failed: 0, terminated: 0 }
  const toActive: number[] = []
  const byPhase = new Map<Phase, number[]>()
  const causes = new Map<string, number>()
  for (const launch of launches) {
    const { outcome, code } = launch
    outcomes[outcome] += 1
    if (outcome === 'succeeded') toActive.push(lasted(launch))
    if (code !== undefined) causes.set(code, (causes.get(code) ?? 0) + 1)
    for (const { phase, duration_ms } of completed(launch)) {
      const durations = byPhase.get(phase)
      if (durations) durations.push(duration_ms)
      else byPhase.set(phase, [duration_ms])
    }
  }
  const phases = PHASES.flatMap((phase) => {
    const durations = byPhase.get(phase)
    return durations ? [{ phase, ...spreadOf(durations) }] : []
  })
  return {
    launches: launches.length,
    ...outcomes,
    ...(toActive.length > 0 && { time_to_active: spreadOf(toActive) }),
    phases,
    causes: [...causes].map(([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count),
  }
}

function lasted({ started_at, ended_at }: PastLaunch): number {
  return Math.max(0, Date.parse(ended_at) - Date.parse(started_at))
}

/** The phases the launch completed. The duration of a phase in which it failed says nothing. */
function completed({ phases, outcome }: PastLaunch): PastLaunch['phases'] {
  const end: Phase | undefined = outcome === 'succeeded' ? 'active' : undefined
  return phases.filter(({ phase }, i) => {
    const next = phases[i + 1]?.phase ?? end
    return next !== undefined && goesOn(phase, next)
  })
}

function spreadOf(durations: number[]) {
  durations.sort((a, b) => a - b)
  return {
    count: durations.length,
    p50_ms: percentile(durations, 50),
    p95_ms: percentile(durations, 95),
  }
}
