import type { DoneEvent, LaunchName, NodeRecord } from '@launchtail/client/protocol'
import { nodeNotFound, StorageUnavailable } from '../errors.js'
import { createLaunchLogs, type LaunchLogsOptions } from '../find/launch-logs.js'
import type { LaunchPlace } from '../nodes/node-launches.js'
import type { Feeds, Watched } from './feeds.js'
import { hasExpired } from './has-expired.js'
import { launchKey } from './past-launches.js'
import type { PlanOptions } from './plan.js'

/** The logs that can be streamed: all of a node's, or one launch. */
export interface WatchedLogs {
  /**
   * Opens the log, wherever it is. It stays open during `act`, and for readers. Throws 404 if there is no
   * such node, or no such launch of it.
   */
  use<T>(
    nodeId: string,
    launch: LaunchName | undefined,
    act: (watched: Watched, part: LogPart) => Promise<T>,
  ): Promise<T>
}

export interface LogPart extends Pick<PlanOptions, 'record' | 'lowest' | 'past'> {
  /** True if it is read from the archive. */
  readonly isExpired: boolean
}

export interface WatchedLogsOptions extends LaunchLogsOptions {
  feeds: Feeds
  /** The logs of which only the archive has something. */
  expired: Feeds
  /** Those of launches whose node has been launched since, by `launchKey`. */
  pastLaunches: Feeds
}

export function createWatchedLogs(options: WatchedLogsOptions): WatchedLogs {
  const { feeds, expired, pastLaunches, archive, registry } = options
  const { placeOf, isArchived } = createLaunchLogs(options)
  return { use }

  async function use<T>(
    nodeId: string,
    launch: LaunchName | undefined,
    act: (watched: Watched, part: LogPart) => Promise<T>,
  ): Promise<T> {
    const record = await registry.find(nodeId)
    if (!record) throw nodeNotFound()
    const place = launch === undefined ? undefined : await placeOf(nodeId, launch)
    const lowest = place?.from ?? 0
    if (place?.isPast) {
      const part = { record, lowest, past: await pastEnd(record, place) }
      const isExpired = await isArchived(nodeId, place)
      const key = launchKey({ nodeId, number: place.number })
      return pastLaunches.use(key, (watched) => act(watched, { ...part, isExpired }))
    }
    const opened = await feeds.use(nodeId, async (watched) => {
      if (!watched.feed.reachable()) throw new StorageUnavailable('watched list out of reach')
      if (await hasExpired(archive, watched.feed, record)) return undefined
      return { result: await act(watched, { record, lowest, isExpired: false }) }
    })
    if (opened) return opened.result
    return expired.use(nodeId, (watched) => act(watched, { record, lowest, isExpired: true }))
  }

  /** The `done` of a past launch whose log does not show how it ended. */
  async function pastEnd(record: NodeRecord, place: LaunchPlace): Promise<DoneEvent> {
    const launches = await registry.launches.list(record)
    const { outcome } = launches.find(({ number }) => number === place.number) ?? {}
    const status = outcome === 'succeeded' ? 'active' : (outcome ?? 'launching')
    return { status, message: 'The log does not show how this launch ended' }
  }
}
