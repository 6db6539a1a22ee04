import type { LaunchName, LaunchSummary, NodeRecord } from '@launchtail/client/protocol'
import type { Selectable } from 'kysely'
import type { Database } from '../database/open.js'
import type { LaunchHistoryTable } from '../database/schema.js'
import { HttpError } from '../errors.js'
import { type Instance, rounded, spentOnAll } from './spending/instance.js'
import { instancesOf } from './spending/instances.js'

/** Where the entries of a launch are. */
export interface LaunchPlace {
  /** The launch's number; the node's launches are counted from 1. */
  readonly number: number
  /** True if the node has been launched since. */
  readonly isPast: boolean
  /** How many logs of the node are newer than the one it is in. */
  readonly back: number
  /** From an index in that log on, up to another one. */
  readonly from: number
  readonly to: number
}

export interface NodeLaunches {
  /** The newest launches of a node, newest first. They are counted from 1. */
  list(node: NodeRecord): Promise<LaunchSummary[]>
  /** Throws 404 if the node has no such launch. */
  place(nodeId: string, name: LaunchName): Promise<LaunchPlace>
}

/** The most that are listed. */
const LISTED = 100

/** The launches of one node, told apart. */
export function createNodeLaunches(database: Database, now: () => Date): NodeLaunches {
  return { list, place }

  async function list(node: NodeRecord): Promise<LaunchSummary[]> {
    const rows = await rowsOf(node.node_id)
    const shown = rows.slice(-LISTED).reverse()
    const ended = await endedOf(node.node_id, shown)
    return shown.map(({ number, started_at }) => {
      const isUnderWay = number === rows.length && node.status === 'launching'
      return { number, phases: [], ...(isUnderWay ? nowOf(node) : ended.get(started_at ?? '')) }
    })
  }

  async function place(nodeId: string, name: LaunchName): Promise<LaunchPlace> {
    const rows = await rowsOf(nodeId)
    const number = numberOf(name, rows.length)
    const found = rows[number - 1]
    if (!found) throw new HttpError(404, missing(name))
    const next = rows[number]
    const isLastOfLog = !next || next.first <= found.first
    const to = isLastOfLog ? Number.MAX_SAFE_INTEGER : next.first
    const newer = rows.slice(number - 1)
    const back = newer.filter(({ first }, i) => i > 0 && first <= (newer[i - 1]?.first ?? 0)).length
    return { number, isPast: next !== undefined, back, from: found.first, to }
  }

  /** All launches of a node, oldest first. */
  async function rowsOf(nodeId: string) {
    const rows = await database
      .selectFrom('launch_numbers')
      .select(['first_index', 'started_at'])
      .where('node_id', '=', nodeId)
      .where('deleted', '=', 0)
      .orderBy('number')
      .execute()
    return rows.map(({ first_index, started_at }, i) => ({
      ...{ number: i + 1, first: first_index ?? 0, started_at },
    }))
  }

  /** Those that have ended, by when they began. */
  async function endedOf(nodeId: string, rows: readonly { started_at: string | null }[]) {
    const times = rows.flatMap(({ started_at }) => started_at ?? [])
    if (times.length === 0) return new Map<string, Omit<LaunchSummary, 'number'>>()
    const history = await database
      .selectFrom('launch_history')
      .selectAll()
      .where('node_id', '=', nodeId)
      .where('started_at', 'in', times)
      .execute()
    const instances = await instancesOf(
      database,
      history.flatMap(({ launch_id }) => launch_id ?? []),
    )
    return new Map(
      history.map((row) => [
        row.started_at,
        {
          ...fromHistory(row),
          ...moneyOf(instances.get(row.launch_id ?? '') ?? [], now().getTime()),
        },
      ]),
    )
  }
}

function numberOf(name: LaunchName, newest: number): number {
  if (name === 'latest') return newest
  return name === 'previous' ? newest - 1 : name
}

function missing(name: LaunchName): string {
  return typeof name === 'number'
    ? `this node has no launch ${name}`
    : `this node has no ${name} launch`
}

function moneyOf(
  instances: readonly Instance[],
  now: number,
): Pick<LaunchSummary, 'price_per_hour' | 'spent'> {
  const price = instances.at(-1)?.price
  const spent = spentOnAll(instances, now)
  return {
    ...(price !== undefined && { price_per_hour: price }),
    ...(spent !== undefined && { spent: rounded(spent) }),
  }
}

/** A launch that is under way. */
function nowOf(node: NodeRecord): Omit<LaunchSummary, 'number'> {
  const { provider, region, gpu, model, use_spot, phases, price_per_hour, spent } = node
  const given = Object.entries({ provider, region, gpu, model }).filter(([, value]) => value !== '')
  return {
    ...(phases[0] && { started_at: phases[0].started_at }),
    ...Object.fromEntries(given),
    use_spot,
    ...(price_per_hour !== undefined && { price_per_hour }),
    ...(spent !== undefined && { spent }),
    phases: phases.flatMap(({ phase, duration_ms }) =>
      duration_ms === undefined ? [] : [{ phase, duration_ms }],
    ),
  }
}

function fromHistory(row: Selectable<LaunchHistoryTable>): Omit<LaunchSummary, 'number'> {
  const { code, provider, region, gpu, model, outcome, started_at, ended_at, spot, phases } = row
  const optional = Object.entries({ code, provider, region, gpu, model })
  return {
    ...{ outcome, started_at, ended_at },
    ...Object.fromEntries(optional.filter(([, value]) => value !== null)),
    use_spot: spot === 1,
    phases: JSON.parse(phases),
  }
}
