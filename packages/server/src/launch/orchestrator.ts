import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Draft, LaunchRequest } from '@launchtail/client/protocol'
import type { Selectable } from 'kysely'
import type { Database } from '../database/open.js'
import type { LaunchesTable } from '../database/schema.js'
import { HttpError, nodeNotFound } from '../errors.js'
import type { Appender } from '../logs/appender.js'
import { TERMINATED } from '../logs/entry-text.js'
import type { LogStore } from '../logs/store.js'
import type { About, Registry } from '../nodes/registry.js'
import { clusterNameFor } from './cluster-name.js'
import { followLaunch, markName } from './follow.js'
import type { Launch, Launcher, Outcome } from './launcher.js'
import { patiently } from './patience.js'
import { saysSecret } from './redact/named.js'
import { seal, unseal } from './seal.js'
import { parseTask } from './task.js'

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
  now?: () => Date
  onFault?: (message: string, error: unknown) => void
}

export interface Orchestrator {
  /** Returns when the launch is sure to be carried out, whatever ends this process. */
  launch(request: LaunchRequest): Promise<{ node_id: string; cluster_name: string }>
  /** Returns when it is sure to be; the log tells when it is done. */
  terminate(nodeId: string): Promise<void>
  /** Takes up every launch that is not over. Called once, before anything else. */
  resume(): Promise<void>
  /** The values that are to be taken out of whatever is stored of a node. */
  secretsOf(nodeId: string): readonly string[]
  /** Whether a launch of ours is running, or what it launched. */
  running(nodeId: string): boolean
  /** Removes what is left of a node's launches. */
  forget(nodeId: string): Promise<void>
  /** Follows no more. What was launched lives on. */
  close(): Promise<void>
}

/** A launch that is not over. */
interface Running {
  readonly launchId: string
  readonly launch: Launch
  readonly launcher: Launcher | undefined
  /** Why it cannot be carried out, as was found when it was taken up. */
  readonly fault?: string
  readonly source: string
  readonly secrets: readonly string[]
  handle: unknown
  /** Aborts when it is to be terminated. */
  readonly cancelling: AbortController
  /** Its last entry is stored. */
  over: boolean
  done: Promise<void>
}

/** How long a launch that was cancelled may take over its last words. */
const LAST_WORDS = 10_000

/**
 * Carries launches out. What is to happen is stored before it happens, and each step can be taken
 * again, so whoever comes after the process goes on where it was.
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
  now = () => new Date(),
  onFault = () => {},
}: OrchestratorOptions): Orchestrator {
  const live = new Map<string, Running>()
  const closing = new AbortController()
  /** Launches are admitted, and nodes terminated, one after the other: names and ids are unique. */
  let admitting: Promise<unknown> = Promise.resolve()
  return { launch, terminate, resume, secretsOf, running, forget, close }

  async function launch(given: LaunchRequest) {
    const request = withSecretEnvs(given)
    const launcher = launcherFor(request.provider)
    await launcher.check(request)
    return inTurn(() => admit(request, launcher))
  }

  function inTurn<T>(act: () => Promise<T>): Promise<T> {
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
    const { secrets, task, ...open } = request
    const row: Selectable<LaunchesTable> = {
      launch_id: launchId,
      node_id: nodeId,
      launcher: launcher.name,
      request: JSON.stringify({ ...open, cluster_name: clusterName }),
      secrets: seal(key, launchId, { secrets, task } satisfies Sealed),
      handle: null,
      source: `launch:${launchId}`,
      state: 'starting',
      created_at: now().toISOString(),
      ended_at: null,
    }
    await database.insertInto('launches').values(row).execute()
    const run = runOf(row)
    // Whoever asks now sees the launch; if the storage fails just here, it is announced later.
    await announce(run).catch((error) => onFault(`announcing the launch of ${nodeId}`, error))
    begin(run)
    return { node_id: nodeId, cluster_name: clusterName }
  }

  async function refuseWhileRunning(nodeId: string): Promise<void> {
    const run = live.get(nodeId)
    if (run?.over) await run.done
    // The rows know of a launch also before it is taken up.
    else if (run || (await unended(nodeId)).length > 0) {
      const active = (await registry.get(nodeId))?.status === 'active'
      throw new HttpError(
        409,
        active
          ? `node ${nodeId} is running; terminate it first`
          : `node ${nodeId} is being launched`,
      )
    }
  }

  function unended(nodeId?: string): Promise<Selectable<LaunchesTable>[]> {
    let query = database.selectFrom('launches').selectAll().where('state', '!=', 'ended')
    if (nodeId !== undefined) query = query.where('node_id', '=', nodeId)
    return query.orderBy('created_at').execute()
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
    return inTurn(async () => {
      const run = live.get(nodeId)
      if (run && !run.over) {
        if (run.cancelling.signal.aborted) return
        await update(run, { state: 'cancelling' }, ['starting', 'running'])
        run.cancelling.abort()
        return
      }
      if (!run && (await unended(nodeId)).length > 0) {
        throw new HttpError(503, 'the launches are being taken up, try again', {
          headers: { 'Retry-After': '1' },
        })
      }
      const node = await registry.find(nodeId)
      if (!node) throw nodeNotFound()
      if (node.phase === 'failed') return
      await appender.append(nodeId, [TERMINATED_ENTRY])
    })
  }

  async function resume(): Promise<void> {
    return inTurn(async () => {
      for (const row of await unended()) if (!live.has(row.node_id)) begin(runOf(row))
    })
  }

  function secretsOf(nodeId: string): readonly string[] {
    return live.get(nodeId)?.secrets ?? []
  }

  function running(nodeId: string): boolean {
    return live.get(nodeId)?.over === false
  }

  async function forget(nodeId: string): Promise<void> {
    await refuseWhileRunning(nodeId)
    await removeFolders(nodeId)
    await database.deleteFrom('launches').where('node_id', '=', nodeId).execute()
  }

  async function close(): Promise<void> {
    closing.abort()
    await Promise.all([...live.values()].map((run) => run.done))
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

  function runOf(row: Selectable<LaunchesTable>): Running {
    const { launch_id: launchId, node_id: nodeId, source } = row
    const { cluster_name: clusterName, ...open } = JSON.parse(row.request) as StoredRequest
    const launcher = launchers.find(({ name }) => name === row.launcher)
    const sealed = openSecrets(row)
    const request = { ...open, ...sealed } as LaunchRequest
    const fault = launcher
      ? sealed || row.handle !== null
        ? undefined
        : 'its secrets cannot be read: they were stored with another key'
      : `the launcher "${row.launcher}" is not available any more`
    const run: Running = {
      launchId,
      launch: { nodeId, clusterName, request, folder: join(folder, launchId) },
      launcher,
      ...(fault !== undefined && { fault }),
      source,
      secrets: valuesOf(request),
      handle: row.handle === null ? undefined : JSON.parse(row.handle),
      cancelling: new AbortController(),
      over: false,
      done: Promise.resolve(),
    }
    if (row.state === 'cancelling') run.cancelling.abort()
    live.set(nodeId, run)
    return run
  }

  function openSecrets({ launch_id, secrets }: Selectable<LaunchesTable>): Sealed | undefined {
    try {
      return unseal<Sealed>(key, launch_id, secrets ?? '')
    } catch (error) {
      onFault(`the secrets of launch ${launch_id}`, error)
      return undefined
    }
  }

  function begin(run: Running): void {
    run.done = carryThrough(run).catch((error) => {
      if (!closing.signal.aborted) onFault(`the launch of ${run.launch.nodeId}`, error)
    })
  }

  async function carryThrough(run: Running): Promise<void> {
    // What was started was announced; the mark that says so may have expired since.
    if (run.handle === undefined) await insist(run, 'announcing', () => announce(run))
    const outcome = await carryOut(run)
    if (outcome) await finish(run, outcome)
  }

  /** The launch's first entry, once. */
  async function announce({ launch, source }: Running): Promise<void> {
    const draft: Draft = {
      message: `Node launch request queued: ${launch.clusterName}`,
      phase: 'queued',
      progress: 0,
    }
    const mark = { name: `${source}:begin`, from: 0, to: 1 }
    await appender.append(launch.nodeId, [draft], { mark })
  }

  /** Starts it if it is not started, and follows it to its end; undefined when we are closed. */
  async function carryOut(run: Running): Promise<Outcome | undefined> {
    const { launch, launcher, fault, source, secrets, cancelling } = run
    if (!launcher || fault !== undefined) return { message: fault ?? '' }
    if (run.handle === undefined && !cancelling.signal.aborted) {
      const failure = await start(run, launcher)
      if (closing.signal.aborted) return undefined
      if (failure) return failure
    }
    const givenUp = new AbortController()
    const cancelled = cancelWhenAsked()
    // It fails when we are closed, and then nobody may be waiting for it.
    cancelled.catch(() => {})
    if (run.handle === undefined) {
      await cancelled
      return CANCELLED
    }
    const outcome = await followLaunch({
      ...{ launch, launcher, source, secrets, store, appender, onFault },
      handle: run.handle,
      signal: AbortSignal.any([closing.signal, givenUp.signal]),
    })
    if (closing.signal.aborted && !outcome) return undefined
    if (cancelling.signal.aborted) await cancelled
    return outcome ?? CANCELLED

    /** Ends what was launched as soon as that is asked for, then gives the output time to end. */
    async function cancelWhenAsked(): Promise<void> {
      if (!cancelling.signal.aborted) await once(cancelling.signal, 'abort')
      await insist(run, 'cancelling', () =>
        (launcher as Launcher).cancel(launch, run.handle, closing.signal),
      )
      setTimeout(() => givenUp.abort(), LAST_WORDS).unref()
    }
  }

  async function start(run: Running, launcher: Launcher): Promise<Outcome | undefined> {
    const { launch } = run
    try {
      await mkdir(launch.folder, { recursive: true, mode: 0o700 })
      run.handle = await launcher.start(launch, closing.signal)
    } catch (error) {
      if (closing.signal.aborted) return undefined
      onFault(`starting the launch of ${launch.nodeId}`, error)
      await insist(run, 'cleaning up after', () =>
        launcher.cancel(launch, undefined, closing.signal),
      )
      return { message: `the launch could not be started: ${(error as Error).message}` }
    }
    await insist(run, 'storing the handle of', () =>
      update(run, { handle: JSON.stringify(run.handle) }),
    )
    // Not where it has become `cancelling` meanwhile.
    await insist(run, 'storing the state of', () => update(run, { state: 'running' }, ['starting']))
    return undefined
  }

  /** Stores how the launch ended, in the log once, and then in its row. */
  async function finish(run: Running, { message, details }: Outcome): Promise<void> {
    const { launch, source, cancelling } = run
    const failure: Draft = {
      level: 'error',
      phase: 'failed',
      message,
      ...(details !== undefined && { details }),
    }
    const draft = cancelling.signal.aborted ? TERMINATED_ENTRY : failure
    const mark = { name: markName(source, 'end'), from: 0, to: 1 }
    await insist(run, 'ending', () => appender.append(launch.nodeId, [draft], { mark }))
    run.over = true
    const ended: Changes = { state: 'ended', secrets: null, ended_at: now().toISOString() }
    await insist(run, 'storing the end of', () => update(run, ended))
    live.delete(launch.nodeId)
  }

  async function update(run: Running, changes: Changes, from?: LaunchesTable['state'][]) {
    let query = database.updateTable('launches').set(changes).where('launch_id', '=', run.launchId)
    if (from) query = query.where('state', 'in', from)
    await query.execute()
  }

  /** For what must happen, whatever the fault: it is told of, and tried again. */
  function insist<T>(run: Running, what: string, act: () => Promise<T>): Promise<T> {
    const passes = (error: unknown) => {
      if (!closing.signal.aborted) onFault(`${what} the launch of ${run.launch.nodeId}`, error)
      return true
    }
    return patiently(act, { signal: closing.signal, passes, longest: 10_000 })
  }
}

/** What of a request is kept encrypted: a task may hold secrets of its own. */
type Sealed = { secrets: LaunchRequest['secrets']; task: LaunchRequest['task'] }
type StoredRequest = Omit<LaunchRequest, keyof Sealed> & { cluster_name: string }
type Changes = Partial<Pick<LaunchesTable, 'state' | 'handle' | 'secrets' | 'ended_at'>>

const TERMINATED_ENTRY: Draft = { level: 'warn', phase: 'failed', message: TERMINATED }
const CANCELLED: Outcome = { message: 'the launch was cancelled' }

function aboutOf({ provider, region, gpu, gpu_count, model, use_spot }: LaunchRequest): About {
  return {
    ...{ provider, region, gpu },
    ...(gpu_count !== undefined && { gpu_count }),
    ...(model !== undefined && { model }),
    ...(use_spot !== undefined && { use_spot }),
  }
}

/** Values of `envs` whose names say that they are secret are kept as secrets are. */
function withSecretEnvs(request: LaunchRequest): LaunchRequest {
  const envs = Object.entries(request.envs ?? {})
  if (!envs.some(([name]) => saysSecret(name))) return request
  const hidden = envs.filter(([name]) => saysSecret(name))
  return {
    ...request,
    envs: Object.fromEntries(envs.filter(([name]) => !saysSecret(name))),
    secrets: { ...Object.fromEntries(hidden), ...request.secrets },
  }
}

function valuesOf({ secrets = {}, task }: LaunchRequest): readonly string[] {
  const { secrets: own = {}, envs = {} } = task === undefined ? {} : parseTask(task)
  const hidden = Object.keys(envs).filter(saysSecret)
  const values = [
    ...Object.values(own),
    ...hidden.map((name) => envs[name]),
    ...Object.values(secrets),
  ]
  return [...new Set(values)].filter((value) => value !== null && value !== '') as string[]
}
