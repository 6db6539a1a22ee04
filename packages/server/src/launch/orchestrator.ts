import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LaunchRequest, NodeLaunch } from '@launchtail/client/protocol'
import type { Database } from '../database/open.js'
import { HttpError, nodeNotFound } from '../errors.js'
import type { Appender } from '../logs/appender.js'
import type { LogStore } from '../logs/store.js'
import type { Launches, Once } from '../nodes/launches.js'
import type { Registry } from '../nodes/registry.js'
import type { About } from '../nodes/rows.js'
import { clusterNameFor } from './cluster-name.js'
import type { Launcher } from './launcher.js'
import { createLeases, type LaunchRow, type Lease } from './leases.js'
import { createReplies } from './replies.js'
import { createRun, type Run, TERMINATED_ENTRY } from './run.js'
import { readAsked, readLaunch, storedRequest, withSecretEnvs } from './stored-launch.js'

export interface OrchestratorOptions {
  database: Database
  store: LogStore
  appender: Appender
  registry: Registry
  launchers: readonly Launcher[]
  /** Has a folder for each launch. */
  folder: string
  /** 32 bytes: what secrets are encrypted with while their launch is running. */
  key: Buffer
  clusterPrefix: string
  /** The server's own secrets, which no launch's output may show either. */
  ownSecrets?: readonly string[]
  /** This process among those of the database; what one of that name ran before, it takes up at once. */
  owner: string
  /** For how long a launch is this process's own without a word from it, in milliseconds. */
  lease?: number
  now?: () => Date
  onFault?: (message: string, error: unknown) => void
}

export interface Orchestrator extends Launches {
  /**
   * Takes up every launch that is not over and that nobody runs, now and from now on. Called once,
   * before anything else.
   */
  resume(): Promise<void>
  /** The values that are to be taken out of whatever is stored of a node. */
  secretsOf(nodeId: string): readonly string[]
  /** Follows no more. What was launched lives on, and may be taken up at once. */
  close(): Promise<void>
}

const LEASE = 15_000
/** How often in the length of a lease it is renewed, and looked for launches that nobody runs. */
const LOOKS = 3

/**
 * Carries launches out. What is to happen is stored before it happens; whoever has a launch's lease
 * makes it happen.
 */
export function createOrchestrator({
  database,
  store,
  appender,
  registry,
  launchers,
  folder,
  key,
  clusterPrefix,
  ownSecrets = [],
  owner,
  lease: length = LEASE,
  now = () => new Date(),
  onFault = () => {},
}: OrchestratorOptions): Orchestrator {
  const live = new Map<string, Run>()
  const ends = new WeakMap<Run, Promise<void>>()
  const closing = new AbortController()
  const leases = createLeases({ database, owner, length })
  const replies = createReplies(database, now)
  /** Launches are admitted, taken up and terminated one after the other: names and ids are unique. */
  let admitting: Promise<unknown> = Promise.resolve()
  let resumed = false
  const looking = lookAfter()
  return { launch, asked, terminate, resume, secretsOf, running, forget, close }

  async function launch(given: LaunchRequest, once?: Once) {
    const act = async () => {
      const request = withSecretEnvs(given)
      const launcher = launcherFor(request.provider)
      await launcher.check(request)
      return locked(() => admit(request, launcher))
    }
    if (!once) return act()
    const { answer, replayed } = await replies.once(once.key, once.digest, act)
    return { ...answer, ...(replayed && { replayed }) }
  }

  function locked<T>(act: () => Promise<T>): Promise<T> {
    const done = admitting.then(act)
    admitting = done.catch(() => {})
    return done
  }

  async function admit(request: LaunchRequest, launcher: Launcher) {
    const nodeId = request.node_id ?? randomUUID()
    await refuseWhileRunning(nodeId)
    // From here on it is tried until it works, so whether it can work is asked now.
    await store.ping()
    const { provider, region, gpu, use_spot: spot = false } = request
    const clusterName = await clusterNameFor({
      ...{ prefix: clusterPrefix, nodeId, provider, region, gpu, spot },
      taken: async (name) => (await registry.named(name)).some((other) => other !== nodeId),
    })
    await removeFolders(nodeId)
    await registry.create({ nodeId, clusterName, about: aboutOf(request), replace: true })
    const launchId = randomUUID()
    const row = {
      ...{ launch_id: launchId, node_id: nodeId, launcher: launcher.name, handle: null },
      ...storedRequest({ key, launchId, nodeId, request, clusterName, ownSecrets }),
      ...{
        source: `launch:${launchId}`,
        state: 'starting' as const,
        created_at: now().toISOString(),
      },
      ...{ ended_at: null, owner: null, owner_number: 0, leased_until: 0 },
    }
    await database
      .insertInto('launches')
      .values(row)
      .execute()
      .catch(async (error) => {
        // Another process was quicker by a moment.
        await refuseWhileRunning(nodeId)
        throw error
      })
    await takeUpStored(nodeId, launchId)
    return { node_id: nodeId, cluster_name: clusterName }
  }

  /** The launch is sure to happen: what fails here happens later. */
  async function takeUpStored(nodeId: string, launchId: string): Promise<void> {
    try {
      const [taken] = await leases.take({ launchId })
      // Another process has it.
      if (!taken) return
      const run = runOf(taken)
      // Whoever asks now sees the launch.
      await run.announce().catch((error) => onFault(`announcing the launch of ${nodeId}`, error))
      begin(run)
    } catch (error) {
      onFault(`taking up the launch of ${nodeId}`, error)
    }
  }

  async function refuseWhileRunning(nodeId: string): Promise<void> {
    const run = live.get(nodeId)
    if (run?.isOver()) await ends.get(run)
    if (!(await unended(nodeId))) return
    const active = (await registry.get(nodeId))?.status === 'active'
    throw new HttpError(
      409,
      active ? `node ${nodeId} is running; terminate it first` : `node ${nodeId} is being launched`,
    )
  }

  async function asked(nodeId: string): Promise<NodeLaunch> {
    const row = await database
      .selectFrom('launches')
      .select('request')
      .where('node_id', '=', nodeId)
      .orderBy('created_at', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (!row) throw new HttpError(404, `node ${nodeId} was not launched by this server`)
    const known = readAsked(row)
    if (known) return known
    throw new HttpError(404, `node ${nodeId} was launched before requests were kept`)
  }

  function unended(nodeId: string) {
    return database
      .selectFrom('launches')
      .select('launch_id')
      .where('node_id', '=', nodeId)
      .where('state', '!=', 'ended')
      .executeTakeFirst()
  }

  function launcherFor(provider: string): Launcher {
    const launcher = launchers.find((one) => one.serves(provider))
    if (launcher) return launcher
    if (provider === 'local') {
      throw new HttpError(
        400,
        'launching on the machine of this server is switched off; set LAUNCHTAIL_LOCAL_LAUNCHER to switch it on',
      )
    }
    const known = launchers.some((one) => one.serves('local')) ? 'use "local" or ' : ''
    throw new HttpError(
      400,
      `provider ${JSON.stringify(provider)} cannot be launched by this server yet; ${known}send the log in`,
    )
  }

  async function terminate(nodeId: string): Promise<void> {
    return locked(async () => {
      const run = live.get(nodeId)
      const launch = run?.isOver() ? undefined : await unended(nodeId)
      if (launch) {
        // Whoever runs it finds it here, whoever takes it up too.
        await database
          .updateTable('launches')
          .set({ state: 'cancelling' })
          .where('launch_id', '=', launch.launch_id)
          .where('state', '!=', 'ended')
          .execute()
        run?.cancel()
        return
      }
      const node = await registry.find(nodeId)
      if (!node) throw nodeNotFound()
      if (node.phase === 'failed') return
      await appender.append(nodeId, [TERMINATED_ENTRY])
    })
  }

  async function resume(): Promise<void> {
    await takeUp({ own: true })
    resumed = true
  }

  function takeUp({ own = false } = {}): Promise<void> {
    return locked(async () => {
      const except = [...live.values()].map(({ launchId }) => launchId)
      for (const taken of await leases.take({ except, own })) begin(runOf(taken))
    })
  }

  /** Keeps what is ours, hears what is to be terminated, and takes up what nobody runs any more. */
  async function lookAfter(): Promise<void> {
    const { signal } = closing
    while (!signal.aborted) {
      await sleep(length / LOOKS, undefined, { signal, ref: false }).catch(() => {})
      if (signal.aborted) return
      try {
        for (const { launch_id, state } of await leases.renew()) {
          if (state !== 'cancelling') continue
          for (const run of live.values()) if (run.launchId === launch_id) run.cancel()
        }
        if (resumed) await takeUp()
      } catch (error) {
        onFault('looking after the launches', error)
      }
    }
  }

  function secretsOf(nodeId: string): readonly string[] {
    return live.get(nodeId)?.secrets ?? []
  }

  function running(nodeId: string): boolean {
    return live.get(nodeId)?.isOver() === false
  }

  async function forget(nodeId: string): Promise<void> {
    await refuseWhileRunning(nodeId)
    await removeFolders(nodeId)
    await database.deleteFrom('launches').where('node_id', '=', nodeId).execute()
  }

  async function close(): Promise<void> {
    closing.abort()
    await looking
    await admitting
    await Promise.all([...live.values()].map((run) => ends.get(run)))
  }

  /** What is left of the node's launches that are over. */
  async function removeFolders(nodeId: string): Promise<void> {
    const rows = await database
      .selectFrom('launches')
      .select('launch_id')
      .where('node_id', '=', nodeId)
      .where('state', '=', 'ended')
      .execute()
    for (const { launch_id } of rows) {
      await rm(join(folder, launch_id), { recursive: true, force: true })
    }
  }

  function runOf({ row, lease }: { row: LaunchRow; lease: Lease }): Run {
    const { launch, secrets: given, fault } = readLaunch(row, { key, folder })
    const secrets = [...given, ...ownSecrets]
    if (fault !== undefined) onFault(`the secrets of launch ${row.launch_id}`, fault)
    const launcher = launchers.find(({ name }) => name === row.launcher)
    const unreadable = fault !== undefined && row.handle === null
    const run = createRun({
      ...{ row, lease, launch, secrets, launcher, database, store, appender, now, onFault },
      closing: closing.signal,
      fault: launcher
        ? unreadable
          ? 'its secrets cannot be read: they were stored with another key'
          : undefined
        : `the launcher "${row.launcher}" is not available any more`,
    })
    live.set(row.node_id, run)
    return run
  }

  function begin(run: Run): void {
    ends.set(run, carryThrough(run))
  }

  async function carryThrough(run: Run): Promise<void> {
    await run.carryOut()
    live.delete(run.nodeId)
    await leases.letGo(run.lease).catch((error) => {
      onFault(`letting go of the launch of ${run.nodeId}`, error)
    })
  }
}

function aboutOf({ provider, region, gpu, gpu_count, model, use_spot }: LaunchRequest): About {
  return {
    ...{ provider, region, gpu },
    ...(gpu_count !== undefined && { gpu_count }),
    ...(model !== undefined && { model }),
    ...(use_spot !== undefined && { use_spot }),
  }
}
