import { randomUUID } from 'node:crypto'
import type { LaunchRequest } from '@launchtail/client/protocol'
import type { Transaction } from 'kysely'
import type { Schema } from '../database/schema.js'
import { HttpError } from '../errors.js'
import type { LogStore } from '../logs/store.js'
import type { NewNode } from '../nodes/add-node.js'
import type { Launched } from '../nodes/launches.js'
import { removeFolders } from './launch-folders.js'
import type { LaunchRows } from './launch-rows.js'
import {
  type Admitted,
  createPreparing,
  type PreparingOptions,
  type Wanted,
} from './prepare-launch.js'
import type { KeepAnswer } from './replies.js'
import type { Runs } from './runs.js'
import type { Budget } from './spending/budget.js'

export interface AdmissionOptions extends PreparingOptions {
  rows: LaunchRows
  runs: Runs
  store: Pick<LogStore, 'ping'>
  folder: string
  budget: Pick<Budget, 'refuse' | 'note'>
}

export interface AdmitOptions extends Omit<Wanted, 'request' | 'member'> {
  /** Stores the answer in the transaction that stores the launch. */
  keep: KeepAnswer<Launched>
}

/** One at least. */
export type Several = readonly [Admitted, ...Admitted[]]

/** Decides whether a launch may begin, and stores it: from then on it is certain to be carried out. */
export function createAdmission(options: AdmissionOptions) {
  const { rows, runs, store, registry, folder, budget } = options
  const prepare = createPreparing(options)
  return { admit, admitAll }

  async function admit(request: LaunchRequest, { keep, ...how }: AdmitOptions): Promise<Admitted> {
    const [admitted] = await admitAll([{ request, ...how }], ([first], transaction) =>
      keep({ node_id: first.nodeId, cluster_name: first.clusterName }, transaction),
    )
    return admitted
  }

  /** Stores all of them in one transaction, in which `alongside` stores what belongs to them. */
  async function admitAll(
    wanted: readonly Wanted[],
    alongside: (admitted: Several, transaction: Transaction<Schema>) => Promise<void>,
  ): Promise<Several> {
    const named = wanted.map((one) => ({ ...one, nodeId: one.request.node_id ?? randomUUID() }))
    for (const { nodeId } of named) await refuseWhileRunning(nodeId)
    // Asked again as they are stored; before, nothing has been made that a refusal would leave.
    await budget.refuse(wanted)
    // Once it is stored, the launch is retried until it works, so whether it can work is asked now.
    await store.ping()
    const prepared: { admitted: Admitted; node: NewNode; wanted: Wanted }[] = []
    for (const one of named) prepared.push({ ...(await prepare(one)), wanted: one })
    for (const { nodeId } of named) await removeFolders(folder, await rows.ended(nodeId))
    const admitted = prepared.map((one) => one.admitted) as unknown as Several
    const first = prepared[0]
    const last = prepared.at(-1)
    const nodes = prepared.map(({ node, ...one }) => ({
      ...node,
      async alongside(transaction: Transaction<Schema>) {
        // Of all servers one admits at a time here, so each sees what the launches of the others will cost.
        if (one.admitted === first?.admitted) await budget.refuse(wanted, transaction)
        await node.alongside?.(transaction)
        await budget.note(transaction, one.admitted, one.wanted)
        if (one.admitted === last?.admitted) await alongside(admitted, transaction)
      },
    }))
    await registry.createAll(nodes).catch(async (error) => {
      // Another process may have been quicker by a moment.
      for (const { nodeId } of named) await refuseWhileRunning(nodeId)
      throw error
    })
    return admitted
  }

  /** Throws 409 if the node has a launch that is not over. */
  async function refuseWhileRunning(nodeId: string): Promise<void> {
    await runs.settled(nodeId)
    if ((await rows.unended(nodeId)) === undefined) return
    const active = (await registry.get(nodeId))?.status === 'active'
    throw new HttpError(
      409,
      active ? `node ${nodeId} is running; terminate it first` : `node ${nodeId} is being launched`,
    )
  }
}
