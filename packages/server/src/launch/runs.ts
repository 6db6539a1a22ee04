import type { Database } from '../database/open.js'
import type { Appender } from '../logs/appender.js'
import type { LogStore } from '../logs/store.js'
import type { Registry } from '../nodes/registry.js'
import type { NodeSecrets } from '../output/node-secrets.js'
import type { Attempt } from './attempts/attempt.js'
import { serviceOfNode } from './groups/service-of-node.js'
import type { LaunchRow } from './launch-rows.js'
import type { Launcher } from './launcher.js'
import type { Lease } from './lease.js'
import type { Leases } from './leases.js'
import type { LeftClusters } from './left-clusters.js'
import type { NodeAccess } from './node-access.js'
import { createRun, type Run } from './run.js'
import { readLaunch } from './stored-launch.js'

export interface RunsOptions {
  database: Database
  leftClusters: Pick<LeftClusters, 'add'>
  registry: Pick<Registry, 'touched' | 'get'>
  store: LogStore
  appender: Appender
  launchers: readonly Launcher[]
  leases: Pick<Leases, 'letGo'>
  folder: string
  key: Buffer
  ownSecrets: readonly string[]
  access: Pick<NodeAccess, 'variablesOf'>
  secrets: NodeSecrets
  attemptPauses?: { first: number; longest: number } | undefined
  closing: AbortSignal
  now: () => Date
  onFault: (message: string, error: unknown) => void
}

/** The launches that this process carries out. */
export interface Runs {
  /** Makes a run of a launch that was taken up. Its secrets are known from then on. */
  add(taken: { row: LaunchRow; lease: Lease }): Run
  /** Carries the run out in the background, and lets its lease go when it has ended. */
  begin(run: Run): void
  of(nodeId: string): Run | undefined
  isRunning(nodeId: string): boolean
  launchIds(): string[]
  /** Terminates the launch, if this process carries it out. */
  cancel(launchId: string): void
  /** Returns when the node's run, if its last entry is stored, has ended completely. */
  settled(nodeId: string): Promise<void>
  /** Returns when all runs have ended. */
  ended(): Promise<void>
}

export function createRuns(options: RunsOptions): Runs {
  const { launchers, leases, folder, key, ownSecrets, access, onFault } = options
  const held = options.secrets
  const byNode = new Map<string, Run>()
  const ends = new WeakMap<Run, Promise<void>>()
  return {
    add,
    begin: (run) => void ends.set(run, carryThrough(run)),
    of: (nodeId) => byNode.get(nodeId),
    isRunning: (nodeId) => byNode.get(nodeId)?.isOver() === false,
    launchIds: () => [...byNode.values()].map(({ launchId }) => launchId),
    cancel(launchId) {
      for (const run of byNode.values()) if (run.launchId === launchId) run.cancel()
    },
    async settled(nodeId) {
      const run = byNode.get(nodeId)
      if (run?.isOver()) await ends.get(run)
    },
    async ended() {
      await Promise.all([...byNode.values()].map((run) => ends.get(run)))
    },
  }

  function add({ row, lease }: { row: LaunchRow; lease: Lease }): Run {
    const { launch: read, secrets, fault } = readLaunch(row, { key, folder, access })
    const service = () => serviceOfNode(row.node_id, options)
    const launch = { ...read, service }
    if (fault !== undefined) onFault(`the secrets of launch ${row.launch_id}`, fault)
    const launcher = launchers.find(({ name }) => name === row.launcher)
    const launchOf = (attempt: Attempt | undefined) => ({
      ...readLaunch(
        { ...row, attempt: attempt === undefined ? null : JSON.stringify(attempt) },
        { key, folder, access },
      ).launch,
      service,
    })
    const run = createRun({
      ...options,
      row,
      launchOf,
      lease,
      launch,
      secrets: [...secrets, ...ownSecrets],
      launcher,
      fault: faultOf(row, { launcher, isReadable: fault === undefined }),
    })
    byNode.set(row.node_id, run)
    held.hold(row.node_id, run.secrets)
    return run
  }

  async function carryThrough(run: Run): Promise<void> {
    await run.carryOut()
    byNode.delete(run.nodeId)
    held.release(run.nodeId)
    await leases.letGo(run.lease).catch((error) => {
      onFault(`letting go of the launch of ${run.nodeId}`, error)
    })
  }
}

/** Why a launch cannot be carried out, if it cannot. */
function faultOf(
  row: LaunchRow,
  { launcher, isReadable }: { launcher: Launcher | undefined; isReadable: boolean },
): string | undefined {
  if (!launcher) return `the launcher "${row.launcher}" is not available any more`
  // A launch that was started already can be followed without its secrets.
  if (isReadable || row.handle !== null) return undefined
  return 'its secrets cannot be read: they were stored with another key'
}
