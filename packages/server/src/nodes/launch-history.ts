import { type Instant, parseInstant } from '@launchtail/client/protocol'
import type { Selectable, Transaction } from 'kysely'
import { inPieces } from '../database/in-pieces.js'
import type { LaunchHistoryTable, Schema } from '../database/schema.js'
import type { Ended, Loss } from './ends/ended.js'
import { keepNewest } from './keep-newest.js'
import {
  type DescribedNode,
  type LaunchReader,
  onLaunchEvents,
} from './launch-events/launch-reader.js'

/** Launches that are over. Each change of a row has a number, by which readers know what is new. */
export interface LaunchHistory {
  /** Keeps launches that are over. */
  add(
    transaction: Transaction<Schema>,
    nodeId: string,
    about: DescribedNode['about'],
    ended: readonly Ended[],
  ): Promise<void>
  /** Gives a failed launch, by when it began, another cause. */
  recode(
    transaction: Transaction<Schema>,
    nodeId: string,
    startedAt: string,
    code: string,
  ): Promise<void>
  /** Stores when the spot instances were lost that these launches had made active. */
  lose(transaction: Transaction<Schema>, nodeId: string, losses: readonly Loss[]): Promise<void>
}

/** How many launches are kept, whether their nodes still exist or not. */
export const KEPT_LAUNCHES = 50_000
/** To look for the oldest takes a millisecond, so it is done once for so many changes. */
const PRUNE_EVERY = 100

export function createLaunchHistory({ kept = KEPT_LAUNCHES } = {}): LaunchHistory {
  return { add, recode, lose }

  async function add(
    transaction: Transaction<Schema>,
    nodeId: string,
    about: DescribedNode['about'],
    ended: readonly Ended[],
  ): Promise<void> {
    if (ended.length === 0) return
    const change = await nextChange(transaction)
    const launch_id = await unlisted(transaction, about.own_launch)
    // A record that is rebuilt from its list adds the same rows again.
    const rows = ended.map((one, i) => ({
      ...toRow(nodeId, about, one, change + i),
      // The others were before it.
      launch_id: i === ended.length - 1 ? launch_id : null,
    }))
    for (const piece of inPieces(rows)) {
      await transaction
        .insertInto('launch_history')
        .values(piece)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    }
    if (change % PRUNE_EVERY < ended.length) await keepNewest(transaction, 'launch_history', kept)
  }

  async function recode(
    transaction: Transaction<Schema>,
    nodeId: string,
    startedAt: string,
    code: string,
  ): Promise<void> {
    await transaction
      .updateTable('launch_history')
      .set({ code, change: await nextChange(transaction) })
      .where('node_id', '=', nodeId)
      .where('started_at', '=', utc(startedAt))
      .where('outcome', '=', 'failed')
      .execute()
  }

  async function lose(
    transaction: Transaction<Schema>,
    nodeId: string,
    losses: readonly Loss[],
  ): Promise<void> {
    for (const { started_at, lost_at } of losses) {
      await transaction
        .updateTable('launch_history')
        .set({ lost_at: utc(lost_at), change: await nextChange(transaction) })
        .where('node_id', '=', nodeId)
        .where('started_at', '=', utc(started_at))
        .where('lost_at', 'is', null)
        .where('spot', '=', 1)
        .execute()
    }
  }
}

/** Adds the ends and losses of launches to the history. */
export function keepLaunches({ add, lose }: Pick<LaunchHistory, 'add' | 'lose'>): LaunchReader {
  return onLaunchEvents(async (transaction, { nodeId, about, events }) => {
    const ended = events.flatMap((event) =>
      event.kind === 'ended' && !event.again ? [event.ended] : [],
    )
    await add(transaction, nodeId, about, ended)
    const losses = events.flatMap(({ kind, started_at, at }) =>
      kind === 'preempted' ? [{ started_at, lost_at: at }] : [],
    )
    await lose(transaction, nodeId, losses)
  })
}

async function nextChange(transaction: Transaction<Schema>): Promise<number> {
  const row = await transaction
    .selectFrom('launch_history')
    .select('change')
    .orderBy('change', 'desc')
    .limit(1)
    .executeTakeFirst()
  return (row?.change ?? 0) + 1
}

/** The launch, unless it is in the history: what another program has launched since is not ours. */
async function unlisted(
  transaction: Transaction<Schema>,
  launchId: string | undefined,
): Promise<string | null> {
  if (launchId === undefined) return null
  const row = await transaction
    .selectFrom('launch_history')
    .select('launch_id')
    .where('launch_id', '=', launchId)
    .executeTakeFirst()
  return row ? null : launchId
}

function toRow(
  nodeId: string,
  about: DescribedNode['about'],
  ended: Ended,
  change: number,
): Omit<Selectable<LaunchHistoryTable>, 'launch_id'> {
  return {
    node_id: nodeId,
    started_at: utc(ended.started_at),
    ended_at: utc(ended.ended_at),
    outcome: ended.outcome,
    code: ended.code ?? null,
    name: about.name ?? null,
    cluster_name: about.cluster_name ?? null,
    provider: about.provider ?? null,
    region: about.region ?? null,
    gpu: about.gpu ?? null,
    model: about.model ?? null,
    spot: about.use_spot ? 1 : 0,
    owner: about.owner ?? null,
    lost_at: null,
    phases: JSON.stringify(ended.phases),
    change,
  }
}

/** An entry's time in UTC, so that it sorts as text: the sender may have used any offset. */
export function utc(timestamp: string): string {
  return iso(parseInstant(timestamp) ?? { seconds: 0, nanos: 0 })
}

function iso({ seconds, nanos }: Instant): string {
  return new Date(seconds * 1000 + Math.floor(nanos / 1e6)).toISOString()
}
