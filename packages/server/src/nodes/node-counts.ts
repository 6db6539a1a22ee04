import type { Database } from '../database/open.js'

/** How many nodes there are of each kind. */
export interface NodeCounts {
  readonly byStatus: ReadonlyMap<string, number>
  /** The nodes that are launching. */
  readonly byPhase: ReadonlyMap<string, number>
  readonly stalled: number
  /** Active nodes whose servers do not answer. */
  readonly unhealthy: number
}

/** Counts by indexes alone, except for the nodes that are launching or active, which are few. */
export async function countKinds(database: Database): Promise<NodeCounts> {
  const statuses = await database
    .selectFrom('nodes')
    .select(({ fn }) => ['status', fn.countAll<number>().as('nodes')])
    .groupBy('status')
    .execute()
  const launching = await database
    .selectFrom('nodes')
    .select(({ fn }) => [
      'phase',
      fn.countAll<number>().as('nodes'),
      fn.sum<number>('stalled').as('stalled'),
    ])
    .where('status', '=', 'launching')
    .groupBy('phase')
    .execute()
  const { unhealthy } = await database
    .selectFrom('nodes')
    .select(({ fn }) => fn.countAll<number>().as('unhealthy'))
    .where('status', '=', 'active')
    // As `Health` is written.
    .where('health', 'like', '{"ok":false%')
    .executeTakeFirstOrThrow()
  return {
    byStatus: new Map(statuses.map(({ status, nodes }) => [status, Number(nodes)])),
    byPhase: new Map(launching.map(({ phase, nodes }) => [phase, Number(nodes)])),
    stalled: launching.reduce((sum, { stalled }) => sum + Number(stalled), 0),
    unhealthy: Number(unhealthy),
  }
}
