import {
  goesOn,
  type LaunchOutcome,
  type PastLaunch,
  PHASES,
  type Phase,
} from '@launchtail/client/protocol'
import type { Selectable } from 'kysely'
import type { LaunchHistoryTable } from '../../database/schema.js'
import { type Instance, rounded, spentOnAll } from '../spending/instance.js'
import { binOf } from './sketch.js'

/** In place of a bin. */
export const UNFINISHED = -1

/** What many launches have in common. Launches that agree in all of it share one object. */
export interface Kind {
  readonly provider: string | undefined
  readonly region: string | undefined
  readonly gpu: string | undefined
  readonly model: string | undefined
  readonly spot: boolean
  readonly owner: string | undefined
  readonly outcome: LaunchOutcome
  readonly code: string | undefined
}

/** A launch that has ended, as it is kept in memory: 50,000 of them take some 31 MB. */
export interface CountedLaunch {
  readonly nodeId: string
  readonly name: string | undefined
  readonly clusterName: string
  /** The id of a launch of ours. */
  readonly launchId: string | undefined
  readonly kind: Kind
  /** Times are in milliseconds since 1970. */
  readonly startedAt: number
  readonly endedAt: number
  /** When the spot instance was lost that the launch had made active. */
  readonly lostAt: number | undefined
  /**
   * Its phases: the place of each in `PHASES`, its duration in milliseconds, and the bin of that, or
   * `UNFINISHED`: the duration of a phase in which a launch failed says nothing.
   */
  readonly phases: readonly number[]
  /** Its machines and what they cost, as far as that is known. */
  readonly instances: readonly Instance[]
}

/** Shared by all launches without machines. */
export const NO_INSTANCES: readonly Instance[] = []

type Row = Selectable<LaunchHistoryTable>

export function fromRow(row: Row, kindOf: (kind: Kind) => Kind): CountedLaunch {
  const phases = JSON.parse(row.phases) as PastLaunch['phases']
  return {
    nodeId: row.node_id,
    name: row.name ?? undefined,
    clusterName: row.cluster_name ?? '',
    launchId: row.launch_id ?? undefined,
    kind: kindOf({
      provider: row.provider ?? undefined,
      region: row.region ?? undefined,
      gpu: row.gpu ?? undefined,
      model: row.model ?? undefined,
      spot: row.spot === 1,
      owner: row.owner ?? undefined,
      outcome: row.outcome,
      code: row.code ?? undefined,
    }),
    startedAt: Date.parse(row.started_at),
    endedAt: Date.parse(row.ended_at),
    lostAt: row.lost_at === null ? undefined : Date.parse(row.lost_at),
    phases: packed(phases, row.outcome),
    instances: NO_INSTANCES,
  }
}

function packed(phases: PastLaunch['phases'], outcome: LaunchOutcome): number[] {
  const end: Phase | undefined = outcome === 'succeeded' ? 'active' : undefined
  const numbers = phases.flatMap(({ phase, duration_ms }, i) => {
    const next = phases[i + 1]?.phase ?? end
    const isFinished = next !== undefined && goesOn(phase, next)
    return [PHASES.indexOf(phase), duration_ms, isFinished ? binOf(duration_ms) : UNFINISHED]
  })
  // A copy has no room for more.
  return numbers.slice()
}

export function toPastLaunch(launch: CountedLaunch, now = Date.now()): PastLaunch {
  const { nodeId, name, kind, startedAt, endedAt, lostAt } = launch
  const { provider, region, gpu, model, spot, owner, outcome, code } = kind
  const spent = spentOnAll(launch.instances, now)
  const optional = Object.entries({ name, provider, region, gpu, model, owner, code })
  const given = Object.fromEntries(optional.filter(([, value]) => value !== undefined))
  return {
    node_id: nodeId,
    outcome,
    started_at: new Date(startedAt).toISOString(),
    ended_at: new Date(endedAt).toISOString(),
    ...given,
    ...(spot && { use_spot: true }),
    ...(lostAt !== undefined && { lost_at: new Date(lostAt).toISOString() }),
    ...(spent !== undefined && { spent: rounded(spent) }),
    phases: phasesOf(launch),
  }
}

function phasesOf({ phases }: CountedLaunch): PastLaunch['phases'] {
  const pairs: PastLaunch['phases'] = []
  for (let i = 0; i < phases.length; i += 3) {
    pairs.push({ phase: PHASES[phases[i] ?? 0] ?? 'queued', duration_ms: phases[i + 1] ?? 0 })
  }
  return pairs
}
