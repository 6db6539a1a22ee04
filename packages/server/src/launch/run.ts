import { childSignal } from '@launchtail/client/async'
import type { Database } from '../database/open.js'
import type { Appender } from '../logs/appender.js'
import type { LogStore } from '../logs/store.js'
import { noteKept } from '../nodes/kept.js'
import { moveNode } from '../nodes/move-node.js'
import type { Registry } from '../nodes/registry.js'
import { announce } from './announce.js'
import type { Attempt } from './attempts/attempt.js'
import { throughAttempts } from './attempts/through-attempts.js'
import { fencedAppender } from './fenced-appender.js'
import { finish } from './finish.js'
import { createInsist } from './insist.js'
import type { LaunchRow } from './launch-rows.js'
import type { Launch, Launcher, Outcome } from './launcher.js'
import type { Lease } from './lease.js'
import type { LeftClusters } from './left-clusters.js'
import type { Limits } from './limits/limits.js'
import { createOwnedRow } from './owned-row.js'
import { placeOfNode } from './place-of-node.js'
import { createLaunchSpending } from './spending/launch-spending.js'
import type { Work } from './work.js'

export interface RunOptions {
  row: LaunchRow
  lease: Lease
  launch: Launch
  /** The launch as one of its attempts carries it out. */
  launchOf: (attempt: Attempt | undefined) => Launch
  /** For tests: the pauses between attempts, in milliseconds. */
  attemptPauses?: { first: number; longest: number } | undefined
  secrets: readonly string[]
  launcher: Launcher | undefined
  /** Why the launch cannot be carried out, if that was found when it was taken up. */
  fault: string | undefined
  database: Database
  leftClusters: Pick<LeftClusters, 'add'>
  registry: Pick<Registry, 'touched'>
  store: LogStore
  appender: Appender
  /** Aborts when this process closes. */
  closing: AbortSignal
  now: () => Date
  onFault: (message: string, error: unknown) => void
}

/** A launch that this process carries out, for as long as it has the lease. */
export interface Run {
  readonly launchId: string
  readonly nodeId: string
  readonly lease: Lease
  readonly secrets: readonly string[]
  /** True if its last entry is stored. */
  isOver(): boolean
  /** Stores the launch's first entry, once. */
  announce(): Promise<void>
  /** Terminates the launch. That it is to be terminated is stored already. */
  cancel(): void
  /** Goes on where the launch is. Returns when it is over, or this process has lost it. */
  carryOut(): Promise<void>
}

/**
 * Each step is stored before it is taken, or can be repeated, so whoever has the launch next goes on
 * where it was. Without the lease nothing more happens: no entry is appended, the row is not
 * changed, and what was launched is not ended.
 */
export function createRun(options: RunOptions): Run {
  const { row, lease, launch, secrets, launcher, fault, closing, store, leftClusters } = options
  const { now, onFault } = options
  const { launch_id: launchId, node_id: nodeId, source } = row
  const ours = childSignal(closing, lease.signal)
  const { signal } = ours
  const cancelling = new AbortController()
  const appender = fencedAppender(options.appender, { source, lease })
  const ownedRow = createOwnedRow(options.database, { launchId, token: lease.token })
  const insist = createInsist({ nodeId, signal, onFault })
  const work: Work = {
    launch,
    source,
    secrets,
    store,
    appender,
    row: ownedRow,
    leave: (transaction) =>
      leftClusters.add({ ...row, cluster_name: launch.clusterName }, transaction),
    async keep(transaction) {
      const { keep = 0, clusterName: cluster_name } = launch
      await leftClusters.add({ ...row, cluster_name }, transaction, keep)
      await noteKept(transaction, nodeId, { launchId, until: new Date(now().getTime() + keep) })
    },
    onKept: () => options.registry.touched(nodeId),
    spending: createLaunchSpending({
      ...{ database: options.database, row, clusterName: launch.clusterName, now },
    }),
    insist,
    signal,
    cancelling: cancelling.signal,
    now,
    onFault,
  }
  let over = false
  if (row.state === 'cancelling') cancelling.abort()
  return {
    launchId,
    nodeId,
    lease,
    secrets,
    isOver: () => over,
    announce: () => announce(work),
    cancel: () => cancelling.abort(),
    carryOut,
  }

  async function carryOut(): Promise<void> {
    try {
      await insist('taking up', takeOver)
      // A launch with a handle was announced. The offset that says so may have expired since.
      if (row.handle === null) await insist('announcing', () => announce(work))
      const outcome = await untilItEnds()
      if (outcome) await finish(work, outcome, markOver)
      else if (!signal.aborted) throw new Error('nothing says how it has ended')
    } catch (error) {
      if (!signal.aborted) onFault(`the launch of ${nodeId}`, error)
    } finally {
      ours.release()
    }
  }

  function markOver(): void {
    over = true
  }

  /** From here on no earlier owner can append. What it did append is read from the store. */
  async function takeOver(): Promise<void> {
    appender.forget(nodeId)
    await appender.append(nodeId, [])
  }

  /** Starts what is not started, and follows it to its end; undefined when that is not ours. */
  async function untilItEnds(): Promise<Outcome | undefined> {
    if (!launcher || fault !== undefined) return { message: fault ?? '' }
    const { launchOf, attemptPauses: pauses } = options
    const { launchTimeout } = JSON.parse(row.limits ?? '{}') as Limits
    return throughAttempts({ work, launcher, row, launchOf, move, launchTimeout, pauses })
  }

  async function move({ request }: Launch): Promise<void> {
    await moveNode(options.database, nodeId, placeOfNode(request, secrets))
    options.registry.touched(nodeId)
  }
}
