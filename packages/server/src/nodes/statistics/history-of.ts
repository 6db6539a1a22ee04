import { PHASES, type PlanHistory } from '@launchtail/client/protocol'
import { type CountedLaunch, UNFINISHED } from './counted-launch.js'
import { createSketch, type Sketch } from './sketch.js'
import { timeTaken } from './tally.js'

/** What launches have in common that are compared. */
export interface Alike {
  readonly provider: string
  readonly gpu: string
  readonly model?: string | undefined
}

/** How the past launches of the same provider, GPU and model went. */
export function historyOf(
  launches: readonly CountedLaunch[],
  { provider, gpu, model }: Alike,
): PlanHistory {
  const alike = launches.filter(
    ({ kind }) => kind.provider === provider && kind.gpu === gpu && kind.model === model,
  )
  const succeeded = alike.filter(({ kind }) => kind.outcome === 'succeeded')
  const toActive = createSketch()
  for (const launch of succeeded) toActive.add(timeTaken(launch))
  return {
    launches: alike.length,
    succeeded: succeeded.length,
    ...(toActive.count > 0 && {
      active_p50_seconds: secondsOf(toActive, 50),
      active_p90_seconds: secondsOf(toActive, 90),
    }),
    phases: phasesOf(alike),
    causes: causesOf(alike),
  }
}

function phasesOf(launches: readonly CountedLaunch[]): PlanHistory['phases'] {
  const sketches = PHASES.map(() => createSketch())
  for (const { phases } of launches) {
    for (let i = 0; i < phases.length; i += 3) {
      const [place = 0, duration = 0, bin = UNFINISHED] = [phases[i], phases[i + 1], phases[i + 2]]
      if (bin !== UNFINISHED) sketches[place]?.add(duration, bin)
    }
  }
  return sketches.flatMap((sketch, place) => {
    const phase = PHASES[place]
    if (sketch.count === 0 || phase === undefined) return []
    const { count } = sketch
    return [
      { phase, p50_seconds: secondsOf(sketch, 50), p90_seconds: secondsOf(sketch, 90), count },
    ]
  })
}

function causesOf(launches: readonly CountedLaunch[]): PlanHistory['causes'] {
  const counts = new Map<string, number>()
  for (const { kind } of launches) {
    if (kind.code !== undefined) counts.set(kind.code, (counts.get(kind.code) ?? 0) + 1)
  }
  return [...counts].map(([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count)
}

/** To a tenth of a second. */
function secondsOf(sketch: Sketch, percent: number): number {
  return Math.round(sketch.percentile(percent) / 100) / 10
}
