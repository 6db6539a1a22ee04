import type { Phase } from '@launchtail/client/protocol'
import type { Transaction } from 'kysely'
import type { Database } from '../database/open.js'
import type { Schema } from '../database/schema.js'

/** How a launch that another program makes may end without that program saying so. */
export interface Ending {
  /** Milliseconds of silence after which it is lost. */
  readonly lostAfter?: number | undefined
  /** The launch succeeds when this address answers 2xx. */
  readonly readyUrl?: string | undefined
}

/** A launch of another program that is under way. */
export interface SentInLaunch extends Ending {
  readonly nodeId: string
  readonly phase: Phase
  /** How many entries of its list the record includes. */
  readonly entries: number
  /** True if the newest entry is the server's own: that the launch stalls. */
  readonly stalled: boolean
  /** The silence that is stored, in milliseconds. */
  readonly silence: number
  /** Grows with each sign of life that a server has had beside the node's log. */
  readonly signs: number
}

/** What is stored of nodes that other programs launch. */
export interface SentIn {
  /** Stores how launches of a node may end, together with the node. */
  add(nodeId: string, ending: Ending, transaction: Transaction<Schema>): Promise<void>
  /** Stores it for the launch that is under way alone. */
  beat(nodeId: string, lostAfter: number): Promise<void>
  /** The launches that may end so. Launches of this server's own are not among them. */
  launching(): Promise<SentInLaunch[]>
  /** Tells the server that looks for lost launches of signs that this one has had. */
  passOn(nodeIds: readonly string[]): Promise<void>
  storeSilence(nodeId: string, ms: number): Promise<void>
  /** Forgets the beats and the silence of launches that are over: the next one has its own. */
  forgetEnded(): Promise<void>
}

export function createSentIn(database: Database): SentIn {
  const launching = () => readLaunching(database)
  return { add, beat, launching, passOn, storeSilence, forgetEnded }

  async function add(
    nodeId: string,
    { lostAfter = null, readyUrl = null }: { [Key in keyof Ending]: Ending[Key] | null },
    transaction: Transaction<Schema>,
  ): Promise<void> {
    // A late beat may have left a row of an earlier node with this id.
    await transaction.deleteFrom('sent_in').where('node_id', '=', nodeId).execute()
    if (lostAfter === null && readyUrl === null) return
    const given = { lost_after: lostAfter, ready_url: readyUrl }
    await transaction
      .insertInto('sent_in')
      .values({ node_id: nodeId, ...given, beat_lost_after: null, silence: 0 })
      .execute()
  }

  async function beat(nodeId: string, lostAfter: number): Promise<void> {
    const given = { beat_lost_after: lostAfter, silence: 0 }
    await database
      .insertInto('sent_in')
      .values({ node_id: nodeId, lost_after: null, ready_url: null, ...given })
      .onConflict((conflict) =>
        conflict
          .column('node_id')
          .doUpdateSet((eb) => ({ ...given, signs: eb('sent_in.signs', '+', 1) })),
      )
      .execute()
  }

  async function passOn(nodeIds: readonly string[]): Promise<void> {
    if (nodeIds.length === 0) return
    await database
      .updateTable('sent_in')
      .set((eb) => ({ signs: eb('signs', '+', 1) }))
      .where('node_id', 'in', nodeIds)
      .execute()
  }

  async function storeSilence(nodeId: string, ms: number): Promise<void> {
    await database
      .updateTable('sent_in')
      .set({ silence: Math.round(ms) })
      .where('node_id', '=', nodeId)
      .execute()
  }

  async function forgetEnded(): Promise<void> {
    await database
      .updateTable('sent_in')
      .set({ beat_lost_after: null, silence: 0 })
      .where(({ or, eb }) => or([eb('beat_lost_after', 'is not', null), eb('silence', '>', 0)]))
      .where(({ exists, selectFrom }) =>
        exists(
          selectFrom('nodes')
            .select('nodes.node_id')
            .whereRef('nodes.node_id', '=', 'sent_in.node_id')
            .where('nodes.status', '!=', 'launching'),
        ),
      )
      .execute()
  }
}

async function readLaunching(database: Database): Promise<SentInLaunch[]> {
  const rows = await database
    .selectFrom('sent_in')
    .innerJoin('nodes', 'nodes.node_id', 'sent_in.node_id')
    .selectAll('sent_in')
    .select(['nodes.phase', 'nodes.folded', 'nodes.stalled'])
    .where('nodes.status', '=', 'launching')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('launches')
            .select('launches.launch_id')
            .whereRef('launches.node_id', '=', 'sent_in.node_id')
            .where('launches.state', '!=', 'ended'),
        ),
      ),
    )
    .execute()
  return rows.map((row) => ({
    nodeId: row.node_id,
    phase: row.phase,
    entries: row.folded,
    stalled: row.stalled !== 0,
    silence: Number(row.silence),
    signs: row.signs,
    lostAfter: row.beat_lost_after ?? row.lost_after ?? undefined,
    readyUrl: row.ready_url ?? undefined,
  }))
}
