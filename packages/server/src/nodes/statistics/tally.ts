import { PHASES, type StatsGroup } from '@launchtail/client/protocol'
import { rounded, spentOnAll } from '../spending/instance.js'
import { type CountedLaunch, UNFINISHED } from './counted-launch.js'
import { createSketch, type Sketch } from './sketch.js'

/** Sums launches up. They must be added by their ends, newest first. */
export interface Tally {
  add(launch: CountedLaunch): void
  read(): StatsGroup
}

/** `now` is the time up to which they have cost something, in milliseconds since 1970. */
export function createTally(now: number): Tally {
  const outcomes = { succeeded: 0, failed: 0, terminated: 0 }
  const toActive = createSketch()
  /** In the order of `PHASES`. */
  const byPhase: (Sketch | undefined)[] = PHASES.map(() => undefined)
  const causes = new Map<string, { count: number; readonly last_node_id: string }>()
  const spot = { launches: 0, lost: 0, lives: createSketch() }
  const money = { spent: 0, priced: 0, unpriced: 0 }
  return { add, read }

  function add(launch: CountedLaunch): void {
    const { kind, nodeId, phases } = launch
    outcomes[kind.outcome] += 1
    if (kind.outcome === 'succeeded') toActive.add(timeTaken(launch))
    for (let i = 0; i < phases.length; i += 3) {
      const [place = 0, duration = 0, bin = UNFINISHED] = [phases[i], phases[i + 1], phases[i + 2]]
      if (bin !== UNFINISHED) sketchOf(place).add(duration, bin)
    }
    if (kind.code !== undefined) {
      const cause = causes.get(kind.code) ?? { count: 0, last_node_id: nodeId }
      cause.count += 1
      causes.set(kind.code, cause)
    }
    if (kind.spot) addSpot(launch)
    addMoney(launch)
  }

  function addMoney({ instances }: CountedLaunch): void {
    const spent = instances.length === 0 ? undefined : spentOnAll(instances, now)
    if (spent === undefined) money.unpriced += 1
    else {
      money.priced += 1
      money.spent += spent
    }
  }

  function addSpot({ kind, lostAt, endedAt }: CountedLaunch): void {
    spot.launches += 1
    if (lostAt !== undefined || kind.code === 'preempted') spot.lost += 1
    if (lostAt !== undefined) spot.lives.add(Math.max(0, lostAt - endedAt))
  }

  function sketchOf(place: number): Sketch {
    const sketch = byPhase[place] ?? createSketch()
    byPhase[place] = sketch
    return sketch
  }

  function read(): StatsGroup {
    const { succeeded, failed, terminated } = outcomes
    return {
      launches: succeeded + failed + terminated,
      ...outcomes,
      ...(succeeded + failed > 0 && { success_rate: share(succeeded, succeeded + failed) }),
      ...(toActive.count > 0 && { time_to_active: spreadOf(toActive) }),
      phases: PHASES.flatMap((phase, place) => {
        const sketch = byPhase[place]
        return sketch ? [{ phase, ...spreadOf(sketch) }] : []
      }),
      causes: [...causes]
        .map(([code, { count, last_node_id }]) => ({
          ...{ code, count, share: share(count, failed), last_node_id },
        }))
        .sort((a, b) => b.count - a.count),
      ...(spot.launches > 0 && { spot: spotSums() }),
      ...(money.priced > 0 && { spent: rounded(money.spent) }),
      unpriced: money.unpriced,
    }
  }

  function spotSums(): StatsGroup['spot'] {
    const { launches, lost, lives } = spot
    return {
      launches,
      lost,
      ...(lives.count > 0 && { median_life_ms: lives.percentile(50) }),
    }
  }
}

/** From the launch's first entry until it became active. */
export function timeTaken({ startedAt, endedAt }: CountedLaunch): number {
  return Math.max(0, endedAt - startedAt)
}

export function spreadOf(sketch: Sketch) {
  return { count: sketch.count, p50_ms: sketch.percentile(50), p95_ms: sketch.percentile(95) }
}

/** Four digits are enough, and 1/3 need not be sent as 0.3333333333333333. */
function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((10_000 * part) / whole) / 10_000
}
