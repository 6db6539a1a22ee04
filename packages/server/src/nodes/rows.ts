import {
  type Failure,
  type NodeRecord,
  PHASES,
  type PhaseTiming,
} from '@launchtail/client/protocol'
import type { LaunchFacts } from '@launchtail/client/query'
import type { Selectable } from 'kysely'
import type { NodesTable, PhasesTable } from '../database/schema.js'
import { current } from '../output/causes/clues.js'
import { UNKNOWN } from '../output/causes/index.js'
import { corrected } from './correction.js'
import type { Folded } from './fold.js'

/** The caller's description of a node. The rest of its record comes from its list. */
export type About = Partial<
  Pick<
    NodeRecord,
    | 'name'
    | 'provider'
    | 'region'
    | 'gpu'
    | 'gpu_count'
    | 'num_nodes'
    | 'model'
    | 'use_spot'
    | 'owner'
    | 'labels'
    | 'budget'
    | 'group'
    | 'relaunch_of'
    | 'relaunched_as'
  > & {
    /** How long the node may be active. */
    max_lifetime_ms: number
  }
>

export type Row = Selectable<NodesTable>
export type PhaseRow = Selectable<PhasesTable>
type RowOfRecord = Pick<Row, 'node_id' | 'cluster_name' | 'about' | 'created_at' | 'updated_at'> &
  Partial<Pick<Row, 'kept_until' | 'own_launch'>>

/** The text in which a search looks for a node. */
export function wordsOf(nodeId: string, clusterName: string | undefined, about: About): string {
  const { name, model, gpu, region, provider } = about
  const words = [nodeId, clusterName, name, model, gpu, region, provider]
  return words
    .filter((word) => word !== undefined)
    .join('\n')
    .toLowerCase()
}

/** The columns that come from the list. */
export function columns(record: Folded) {
  return {
    status: record.status,
    phase: record.phase,
    progress: record.progress,
    message: record.message,
    endpoint: record.endpoint ?? null,
    reachable: record.reachable === undefined ? null : Number(record.reachable),
    health: record.health ? JSON.stringify(record.health) : null,
    smoke: record.smoke ? JSON.stringify(record.smoke) : null,
    over_budget: record.overBudget ? JSON.stringify(record.overBudget) : null,
    failure: record.failure ? JSON.stringify(record.failure) : null,
    attempts: record.attempts.length > 0 ? JSON.stringify(record.attempts) : null,
    correction: record.correction ? JSON.stringify(record.correction) : null,
    clues: JSON.stringify(record.clues),
    stalled: record.stalled ? 1 : 0,
    stalled_at: record.stalled_at ?? null,
    ended_at: record.ended_at ?? null,
  }
}

/** A stored record, ready for further entries to be folded into it. */
export function fromRow(row: Row, phases: readonly PhaseRow[] = []): Folded {
  return {
    status: row.status,
    phase: row.phase,
    progress: row.progress,
    message: row.message,
    endpoint: row.endpoint ?? undefined,
    reachable: row.reachable === null ? undefined : row.reachable !== 0,
    health: row.health === null ? undefined : JSON.parse(row.health),
    smoke: row.smoke === null ? undefined : JSON.parse(row.smoke),
    overBudget: row.over_budget === null ? undefined : JSON.parse(row.over_budget),
    failure: row.failure === null ? undefined : readFailure(row.failure),
    attempts: row.attempts === null ? [] : JSON.parse(row.attempts),
    correction: row.correction === null ? undefined : JSON.parse(row.correction),
    clues:
      row.clues === null
        ? { phase: row.phase, progress: row.progress }
        : current(JSON.parse(row.clues)),
    stalled: row.stalled !== 0,
    stalled_at: row.stalled_at ?? undefined,
    ended_at: row.ended_at ?? undefined,
    phases: timingsOf(phases),
    finished: [],
    events: [],
    begun: [],
  }
}

/** Records that were stored before causes existed have none. */
function readFailure(text: string): Failure {
  const { code, advice } = UNKNOWN
  return { code, advice, ...(JSON.parse(text) as Omit<Failure, 'code' | 'advice'>) }
}

/** A stored record as the API returns it. */
export function toRecord(row: Row, phases: readonly PhaseRow[] | undefined): NodeRecord {
  return recordOf(row, fromRow(row, phases))
}

/** Combines a row with the folded list. */
export function recordOf(row: RowOfRecord, folded: Folded): NodeRecord {
  const { status, phase, progress, message, endpoint, reachable } = folded
  const { failure, attempts, correction, ended_at, stalled, smoke, health, overBudget } = folded
  const { max_lifetime_ms: lifetime, ...about } = placeOf(JSON.parse(row.about) as About)
  const endsAt = endsAtOf(folded, lifetime)
  const place = [about.provider, about.region].filter((part) => part !== '').join('/')
  return {
    node_id: row.node_id,
    cluster_name: row.cluster_name ?? '',
    ...about,
    status,
    phase,
    progress,
    message,
    ...(endpoint !== undefined && { endpoint }),
    ...(reachable !== undefined && { reachable }),
    ...(health && { health }),
    ...(smoke && { smoke }),
    ...(overBudget && { over_budget: overBudget }),
    created_at: row.created_at,
    updated_at: row.updated_at,
    ...(ended_at !== undefined && { ended_at }),
    ...(endsAt !== undefined && { ends_at: endsAt }),
    ...(row.kept_until && status === 'failed' && { kept_until: row.kept_until }),
    ...(failure && { failure: corrected(failure, correction) }),
    ...(attempts.length > 0 && {
      attempts: attempts.map(({ number, place: own = place, ...rest }) => ({
        number,
        place: own,
        ...rest,
      })),
    }),
    ...(stalled && { stalled }),
    phases: folded.phases,
  }
}

/** When the node is taken down because it may be active for no longer. */
function endsAtOf({ status, phases }: Folded, lifetime: number | undefined): string | undefined {
  const last = phases.at(-1)
  if (status !== 'active' || lifetime === undefined || last?.phase !== 'active') return undefined
  return new Date(Date.parse(last.started_at) + lifetime).toISOString()
}

/** The columns that a query can ask for. */
type FactsRow = Pick<
  Row,
  'node_id' | 'cluster_name' | 'about' | 'status' | 'failure' | 'correction'
>

/** The fields of a stored record that a query can ask for. */
export function factsOf(row: FactsRow): LaunchFacts {
  const about = placeOf(JSON.parse(row.about) as About)
  const { provider, region, gpu, model, use_spot, name, group, owner, labels } = about
  const failure = row.failure === null ? undefined : readFailure(row.failure)
  const correction = row.correction === null ? undefined : JSON.parse(row.correction)
  return {
    node_id: row.node_id,
    ...(name !== undefined && { name }),
    cluster_name: row.cluster_name ?? '',
    provider,
    region,
    gpu,
    model,
    use_spot,
    ...(group !== undefined && { group }),
    ...(owner !== undefined && { owner }),
    ...(labels && { labels }),
    status: row.status,
    failure: failure && { code: corrected(failure, correction).code },
  }
}

/** The description with all the fields that every record has. */
function placeOf({ provider = '', region = '', gpu = '', model = '', ...about }: About) {
  // One that is launched without a number gets one GPU, unless it asks for none.
  const { gpu_count = gpu === '' || gpu === 'cpu' ? 0 : 1, use_spot = false, ...more } = about
  return { provider, region, gpu, gpu_count, model, use_spot, ...more }
}

function timingsOf(phases: readonly PhaseRow[]): PhaseTiming[] {
  return phases
    .filter((row) => PHASES.includes(row.phase))
    .map(({ phase, started_at, ended_at }) =>
      ended_at === null
        ? { phase, started_at }
        : {
            phase,
            started_at,
            ended_at,
            duration_ms: Math.max(0, Date.parse(ended_at) - Date.parse(started_at)),
          },
    )
}
