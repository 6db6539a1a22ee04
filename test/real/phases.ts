import type { LogEntry, Phase } from '@launchtail/client'
import { phaseOrder } from '@launchtail/client/protocol'
import type { Step, Witness } from './witness.js'

/** Which phase a step of SkyPilot's begins, or continues. */
const STEPS: readonly (readonly [RegExp, Phase])[] = [
  [/^Provisioning on /, 'provisioning'],
  [/^Instances launched on /, 'instance_ready'],
  [/^Setting up SkyPilot runtime/, 'instance_ready'],
  [/^Syncing file mounts/, 'installing'],
]
const JOB: Readonly<Record<string, Phase>> = { SETTING_UP: 'installing', RUNNING: 'installing' }

/** SkyPilot's times are whole seconds, and its steps and lines are not written at once. */
const EARLY = 5000

/**
 * Compares the phases that the stream told with SkyPilot's own account of the launch. `lag` is how long
 * after a step its phase may be told: longer where somebody was away. Where the launch was `cut`,
 * SkyPilot may have gone on after the last line that was read.
 */
export function disagreements(
  entries: readonly LogEntry[],
  skypilot: Pick<Witness, 'events' | 'statuses'>,
  { lag, cut = false }: { lag: number; cut?: boolean | undefined },
): string[] {
  const told = entries.filter(({ phase }) => phase !== 'failed')
  const steps = skypilot.events().flatMap((step) => {
    const phase = STEPS.find(([name]) => name.test(step.name))?.[1]
    return phase ? [{ ...step, phase }] : []
  })
  const statuses = skypilot.statuses().flatMap((step) => {
    const phase = JOB[step.name]
    return phase ? [{ ...step, phase }] : []
  })
  return [
    ...steps.flatMap((step) => late(step) ?? early(step) ?? []),
    ...statuses.flatMap((step) => late(step) ?? []),
    ...backwards(told),
  ]

  function late({ name, at, phase }: Step & { phase: Phase }): string | undefined {
    const since = beginOf(phase)
    if (since !== undefined && since <= at + lag) return undefined
    // The launch may have ended before anybody could tell.
    const end = timeOf(entries.at(-1))
    if (since === undefined && (cut || end <= at + lag)) return undefined
    const after = since === undefined ? 'never' : `only ${Math.round((since - at) / 1000)} s later`
    return `SkyPilot says "${name}", and ${phase} is told ${after}`
  }

  /** Only the first step of a phase can come too late for it. */
  function early({ name, at, phase }: Step & { phase: Phase }): string | undefined {
    const first = steps.find((step) => step.phase === phase)
    const since = beginOf(phase)
    if (first?.name !== name || since === undefined || since >= at - EARLY) return undefined
    return `${phase} is told ${Math.round((at - since) / 1000)} s before SkyPilot says "${name}"`
  }

  function beginOf(phase: Phase): number | undefined {
    const entry = told.find((one) => phaseOrder(one.phase) >= phaseOrder(phase))
    return entry && timeOf(entry)
  }
}

function backwards(entries: readonly LogEntry[]): string[] {
  return entries.flatMap(({ phase }, at) => {
    const before = entries[at - 1]?.phase ?? phase
    return phaseOrder(phase) < phaseOrder(before) ? [`${phase} is told after ${before}`] : []
  })
}

function timeOf(entry: LogEntry | undefined): number {
  return entry ? Date.parse(entry.timestamp) : Date.now()
}
