import { createMutex } from '../async/mutex.js'
import type { Rounds } from '../async/rounds.js'
import type { Groups } from '../nodes/groups/groups.js'
import type { Launches } from '../nodes/launches.js'
import { createAdmission } from './admission.js'
import { askedRequests } from './asked-requests.js'
import { createGroups } from './groups/groups.js'
import { createKeeping } from './keeping.js'
import { removeFolders } from './launch-folders.js'
import { createLaunchRows } from './launch-rows.js'
import { isOnThisMachine } from './launchers.js'
import { createLaunching } from './launching.js'
import { createLeases } from './leases.js'
import { createLeftClusters } from './left-clusters.js'
import { startIdleMonitor } from './limits/idle/idle-monitor.js'
import { startLimitMonitor } from './limits/limit-monitor.js'
import { NO_LIMITS } from './limits/limits.js'
import { NO_ACCESS } from './node-access.js'
import type { OrchestratorOptions } from './orchestrator-options.js'
import { createOthersLaunches } from './others-launches.js'
import { createPlanner } from './planner.js'
import { createReplies } from './replies.js'
import { createRuns } from './runs.js'
import { createBudget } from './spending/budget.js'
import { startSpendingMonitors } from './spending/monitors.js'
import { createTakeDowns } from './take-downs.js'
import { createTakeUp } from './take-up.js'
import { createTermination } from './termination.js'

export interface Orchestrator extends Launches {
  readonly groups: Groups
  /** True if this process is running the node's launch, or what it launched. */
  running(nodeId: string): boolean
  /** The number of launches that this process runs. */
  runningCount(): number
  /**
   * Takes up every launch that is not over and that nobody runs, now and from now on. Called once,
   * before anything else.
   */
  resume(): Promise<void>
  /** Another server has begun, ended or removed a launch, or has asked for its end. */
  changedElsewhere(launchId: string, how: { isDeleted: boolean }): Promise<void>
  /** Other servers may have done so without this one being told. */
  missedChanges(): Promise<void>
  /** Stops following. What was launched lives on, and may be taken up by another process at once. */
  close(): Promise<void>
}

function lockOf(nodeId: string): string {
  return `node ${nodeId}`
}

/** The default length of a lease, in milliseconds. */
const LEASE = 15_000

/**
 * Carries launches out. Each step is stored before it is taken, and whoever holds a launch's lease
 * takes it.
 */
export function createOrchestrator(given: OrchestratorOptions): Orchestrator {
  const { lease = LEASE, launchers, now = () => new Date() } = given
  const { onFault = () => {}, ownSecrets = [], access = NO_ACCESS } = given
  const closing = new AbortController()
  const mutex = createMutex()
  /**
   * Launches are admitted, taken up and terminated one at a time, so that names and ids are unique.
   * Nothing else happens to the node that is named meanwhile.
   */
  const locked = <T>(act: () => Promise<T>, ...nodeIds: (string | undefined)[]) =>
    mutex(
      ['launches', ...nodeIds.flatMap((nodeId) => (nodeId === undefined ? [] : lockOf(nodeId)))],
      act,
    )
  const rows = createLaunchRows(given.database)
  const staying = launchers.map(({ name }) => name).filter(isOnThisMachine)
  const leases = createLeases({ ...given, length: lease, ...(given.isShared && { staying }) })
  const leftClusters = createLeftClusters(given.database, given.owner, now)
  const limits = given.limits ?? NO_LIMITS
  const budget = createBudget({ ...given, budget: given.budget, ownSecrets, now })
  const options = {
    ...{ ...given, now, onFault, ownSecrets, access, rows },
    ...{ leases, leftClusters, locked, limits, budget },
  }
  const runs = createRuns({ ...options, closing: closing.signal })
  const admission = createAdmission({ ...options, runs })
  const takeUp = createTakeUp({ ...options, runs, lease, closing: closing.signal })
  const others = createOthersLaunches({ ...options, runs, onCancelled: takeUp.look })
  const takeDowns = createTakeDowns({
    ...{ ...options, closing: closing.signal },
    onGone: given.registry.touched,
  })
  const keeping = createKeeping({ ...options, onDue: takeDowns.look })
  const terminate = createTermination({ ...options, runs, keeping })
  let limitRounds: readonly Rounds[] = []
  const replies = createReplies(given.database, now)
  const { known, ...asked } = askedRequests(rows, given.key)
  const groups = createGroups({
    ...{ ...options, replies, admission, takeUp, terminate, known },
    ...{ every: given.groupsEvery, servicesEvery: given.servicesEvery, closing: closing.signal },
  })
  return {
    ...createLaunching({ ...options, replies, admission, takeUp, known }),
    plan: createPlanner(options),
    ...asked,
    isRunning: async (nodeId) => (await rows.unended(nodeId)) !== undefined,
    terminate: groups.terminateNode,
    keep: keeping.keep,
    groups,
    today: budget.today,
    async resume() {
      if (given.isShared) await others.readAll()
      await takeUp.resume()
      await takeDowns.resume()
      const monitored = { ...options, terminate, closing: closing.signal }
      limitRounds = [
        startLimitMonitor({ ...monitored, every: given.limitsEvery }),
        startIdleMonitor({ ...monitored, every: given.idleEvery }),
        ...startSpendingMonitors({ ...monitored, ...given.costs }),
      ]
      groups.resume()
    },
    running: runs.isRunning,
    runningCount: () => runs.launchIds().length,
    changedElsewhere: (launchId, { isDeleted }) =>
      isDeleted ? removeFolders(given.folder, [launchId]) : others.changed(launchId),
    missedChanges: others.readAll,
    forget,
    close,
  }

  function forget(nodeId: string, rest: () => Promise<void>): Promise<void> {
    return mutex(lockOf(nodeId), async () => {
      await runs.settled(nodeId)
      await keeping.letGo(nodeId)
      const launchIds = await rows.ended(nodeId)
      await rows.removeEnded(nodeId)
      await removeFolders(given.folder, launchIds)
      await rest()
    })
  }

  async function close(): Promise<void> {
    closing.abort()
    await Promise.all(limitRounds.map((rounds) => rounds.stop()))
    await groups.stop()
    await takeUp.stopped()
    // Whatever is being admitted or terminated comes to its end.
    await locked(async () => {})
    await runs.ended()
    await takeDowns.stopped()
  }
}
