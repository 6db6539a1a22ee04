import {
  type Failure,
  type NodeRecord,
  PHASES,
  type PhaseTiming,
} from '@launchtail/client/protocol'
import type { Selectable } from 'kysely'
import type { NodesTable, PhasesTable } from '../database/schema.js'
import { HttpError } from '../errors.js'
import { UNKNOWN } from '../output/causes/index.js'
import type { Folded } from './fold.js'

/** What the caller said of a node; the rest of its record comes from its list. */
export type About = Partial<
  Pick<
    NodeRecord,
    'name' | 'provider' | 'region' | 'gpu' | 'gpu_count' | 'model' | 'use_spot' | 'labels'
  >
>

export type Row = Selectable<NodesTable>
export type PhaseRow = Selectable<PhasesTable>

/** What a node is looked for by. */
export function wordsOf(nodeId: string, clusterName: string | undefined, about: About): string {
  const { name, model, gpu, region, provider } = about
  const words = [nodeId, clusterName, name, model, gpu, region, provider]
  return words
    .filter((word) => word !== undefined)
    .join('\n')
    .toLowerCase()
}

/** What a row takes from the list. */
export function columns(record: Folded) {
  return {
    status: record.status,
    phase: record.phase,
    progress: record.progress,
    message: record.message,
    endpoint: record.endpoint ?? null,
    failure: record.failure ? JSON.stringify(record.failure) : null,
    clues: JSON.stringify(record.clues),
    stalled: record.stalled ? 1 : 0,
    ended_at: record.ended_at ?? null,
  }
}

/** A stored record, for its list to be folded on. */
export function fromRow(row: Row, phases: readonly PhaseRow[] = []): Folded {
  return {
    status: row.status,
    phase: row.phase,
    progress: row.progress,
    message: row.message,
    endpoint: row.endpoint ?? undefined,
    failure: row.failure === null ? undefined : readFailure(row.failure),
    clues:
      row.clues === null ? { phase: row.phase, progress: row.progress } : JSON.parse(row.clues),
    stalled: row.stalled !== 0,
    ended_at: row.ended_at ?? undefined,
    phases: timingsOf(phases),
    finished: [],
    ended: [],
  }
}

/** Records of before there were causes tell none. */
function readFailure(text: string): Failure {
  const { code, advice } = UNKNOWN
  return { code, advice, ...(JSON.parse(text) as Omit<Failure, 'code' | 'advice'>) }
}

/** A stored record as it is given out. */
export function toRecord(row: Row, phases: readonly PhaseRow[] | undefined): NodeRecord {
  const folded = fromRow(row, phases)
  const { status, phase, progress, message, endpoint, failure, ended_at, stalled } = folded
  return {
    node_id: row.node_id,
    ...(row.cluster_name !== null && { cluster_name: row.cluster_name }),
    ...(JSON.parse(row.about) as About),
    ...{ status, phase, progress, message },
    ...(endpoint !== undefined && { endpoint }),
    created_at: row.created_at,
    updated_at: row.updated_at,
    ...(ended_at !== undefined && { ended_at }),
    ...(failure && { failure }),
    ...(stalled && { stalled }),
    phases: folded.phases,
  }
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

/** Where the page behind this row begins. */
export function writePageCursor({ created_at, node_id }: Row): string {
  return Buffer.from(`${created_at} ${node_id}`).toString('base64url')
}

/** Throws 400 for what is no such cursor. */
export function readPageCursor(text: string): { createdAt: string; nodeId: string } {
  const [createdAt, nodeId, more] = Buffer.from(text, 'base64url').toString().split(' ')
  if (!createdAt || !nodeId || more !== undefined) {
    throw new HttpError(400, "invalid 'cursor' value")
  }
  return { createdAt, nodeId }
}
