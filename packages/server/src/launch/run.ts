import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { childSignal } from '@launchtail/client/async'
import type { Draft } from '@launchtail/client/protocol'
import { retry } from '../async/retry.js'
import type { Database } from '../database/open.js'
import type { LaunchesTable } from '../database/schema.js'
import { type Appender, Fenced } from '../logs/appender.js'
import { TERMINATED } from '../logs/entry-text.js'
import type { LogStore } from '../logs/store.js'
import { explain } from './explain.js'
import { followLaunch, offsetName } from './follow.js'
import type { LaunchRow } from './launch-rows.js'
import type { Launch, Launcher, Outcome } from './launcher.js'
import type { Lease } from './lease.js'

export interface RunOptions {
  row: LaunchRow
  lease: Lease
  launch: Launch
  secrets: readonly string[]
  launcher: Launcher | undefined
  /** Why it cannot be carried out, as was found when it was taken up. */
  fault: string | undefined
  database: Database
  store: LogStore
  appender: Appender
  /** Aborts when this process is closed. */
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
  /** Whether its last entry is stored. */
  isOver(): boolean
  /** Stores the launch's first entry, once. */
  announce(): Promise<void>
  /** To be terminated; that is stored already. */
  cancel(): void
  /** Goes on where the launch is, and ends when it is over, or this process has it no more. */
  carryOut(): Promise<void>
}

export const TERMINATED_ENTRY: Draft = { level: 'warn', phase: 'failed', message: TERMINATED }
const CANCELLED: Outcome = { message: 'the launch was cancelled' }

/** How long a launch that was cancelled may take over its last words. */
const LAST_WORDS = 10_000

type Changes = Partial<Pick<LaunchesTable, 'state' | 'handle' | 'secrets' | 'ended_at'>>

/**
 * Each step is stored before it is taken, or can be taken again, so whoever has the launch next goes
 * on where it was. Without the lease nothing more happens: no entry, no change of the row, no end of
 * what was launched.
 */
export function createRun({
  row,
  lease,
  launch,
  secrets,
  launcher,
  fault,
  database,
  store,
  appender: shared,
  closing,
  now,
  onFault,
}: RunOptions): Run {
  const { launch_id: launchId, node_id: nodeId, source } = row
  const ours = childSignal(closing, lease.signal)
  const { signal } = ours
  const cancelling = new AbortController()
  const appender = ownAppender()
  let handle: unknown = row.handle === null ? undefined : JSON.parse(row.handle)
  let over = false
  if (row.state === 'cancelling') cancel()
  return { launchId, nodeId, lease, secrets, isOver: () => over, announce, cancel, carryOut }

  function cancel(): void {
    cancelling.abort()
  }

  /**
   * Lines that are appended twice are refused by their count; this is for what has none to go by: a
   * progress bar, the end, and words, of which two owners may have different ones in one place.
   */
  function ownAppender(): Appender {
    const fence = { name: offsetName(source, 'owner'), token: lease.token }
    return {
      ...shared,
      async append(nodeId, drafts, options) {
        try {
          return await shared.append(nodeId, drafts, { ...options, fence })
        } catch (error) {
          if (error instanceof Fenced) lease.lose()
          throw error
        }
      },
    }
  }

  async function announce(): Promise<void> {
    const draft: Draft = {
      message: `Node launch request queued: ${launch.clusterName}`,
      phase: 'queued',
      progress: 0,
    }
    const offset = { name: offsetName(source, 'begin'), from: 0, to: 1 }
    await appender.append(nodeId, [draft], { offset })
  }

  async function carryOut(): Promise<void> {
    try {
      // From here on no earlier owner appends; what it did append is not known here yet.
      await insist('taking up', async () => {
        shared.forget(nodeId)
        await appender.append(nodeId, [])
      })
      // What was started was announced; the offset that says so may have expired since.
      if (handle === undefined) await insist('announcing', announce)
      const outcome = await untilItEnds()
      if (outcome) await finish(outcome)
    } catch (error) {
      if (!signal.aborted) onFault(`the launch of ${nodeId}`, error)
    } finally {
      ours.release()
    }
  }

  /** Starts it if it is not started, and follows it to its end; undefined when that is not ours. */
  async function untilItEnds(): Promise<Outcome | undefined> {
    if (!launcher || fault !== undefined) return { message: fault ?? '' }
    if (handle === undefined && !cancelling.signal.aborted) {
      const failure = await start(launcher)
      if (signal.aborted) return undefined
      if (failure) return failure
    }
    const following = childSignal(signal)
    const cancelled = cancelWhenAsked(launcher, () => following.abort())
    // It fails when we are closed, and then nobody may be waiting for it.
    cancelled.catch(() => {})
    if (handle === undefined) {
      await cancelled
      return CANCELLED
    }
    const outcome = await followLaunch({
      ...{ launch, launcher, handle, source, secrets, store, appender, onFault },
      signal: following.signal,
    }).finally(following.release)
    if (signal.aborted) return undefined
    if (cancelling.signal.aborted) await cancelled
    return outcome ?? CANCELLED
  }

  /** Ends what was launched as soon as that is asked for, then gives the output time to end. */
  async function cancelWhenAsked(launcher: Launcher, giveUp: () => void): Promise<void> {
    if (!cancelling.signal.aborted) await once(cancelling.signal, 'abort', { signal })
    await insist('cancelling', () => launcher.cancel(launch, handle, signal))
    setTimeout(giveUp, LAST_WORDS).unref()
  }

  async function start(launcher: Launcher): Promise<Outcome | undefined> {
    try {
      await mkdir(launch.folder, { recursive: true, mode: 0o700 })
      handle = await launcher.start(launch, signal)
    } catch (error) {
      if (signal.aborted) return undefined
      onFault(`starting the launch of ${nodeId}`, error)
      await insist('cleaning up after', () => launcher.cancel(launch, undefined, signal))
      return { message: `the launch could not be started: ${(error as Error).message}` }
    }
    await insist('storing the handle of', () => update({ handle: JSON.stringify(handle) }))
    // Not where it has become `cancelling` meanwhile.
    await insist('storing the state of', () => update({ state: 'running' }, 'starting'))
    return undefined
  }

  /** Stores why the launch ended, in the log once, and then in its row. */
  async function finish(outcome: Outcome): Promise<void> {
    const { message, details } = await insist('explaining the end of', () =>
      explain(outcome, { nodeId, store }),
    )
    const failure: Draft = {
      level: 'error',
      phase: 'failed',
      message,
      ...(details !== undefined && { details }),
    }
    const draft = cancelling.signal.aborted ? TERMINATED_ENTRY : failure
    const offset = { name: offsetName(source, 'end'), from: 0, to: 1 }
    await insist('ending', () => appender.append(nodeId, [draft], { offset }))
    over = true
    const ended: Changes = { state: 'ended', secrets: null, ended_at: now().toISOString() }
    await insist('storing the end of', () => update(ended))
  }

  async function update(changes: Changes, from?: LaunchesTable['state']): Promise<void> {
    let query = database
      .updateTable('launches')
      .set(changes)
      .where('launch_id', '=', launchId)
      .where('owner_number', '=', lease.token)
    if (from) query = query.where('state', '=', from)
    await query.execute()
  }

  /** For what must happen, whatever the fault: it is told of, and tried again. */
  function insist<T>(what: string, act: () => Promise<T>): Promise<T> {
    const passes = (error: unknown) => {
      if (!signal.aborted) onFault(`${what} the launch of ${nodeId}`, error)
      return true
    }
    return retry(act, { signal, passes, longest: 10_000 })
  }
}
