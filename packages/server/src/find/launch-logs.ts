import type { LaunchName } from '@launchtail/client/protocol'
import { HttpError, nodeNotFound } from '../errors.js'
import type { LogStore } from '../logs/store.js'
import type { LaunchPlace } from '../nodes/node-launches.js'
import type { Registry } from '../nodes/registry.js'
import type { Archive } from './archive/archive.js'
import type { PastLists } from './archive/past-lists.js'

export interface LaunchLogsOptions {
  store: Pick<LogStore, 'length' | 'read' | 'readBefore'>
  archive: Pick<Archive, 'past' | 'earlier'>
  registry: Pick<Registry, 'find' | 'launches'>
}

/** One launch of a node. */
export interface LaunchId {
  readonly nodeId: string
  readonly number: number
}

/** The logs of single launches, wherever they are. */
export function createLaunchLogs({ store, archive, registry }: LaunchLogsOptions) {
  return { placeOf, isArchived, length, read, readBefore }

  /** Where a launch is, whoever has written it. Throws 404 if the node has no such launch. */
  async function placeOf(nodeId: string, launch: LaunchName): Promise<LaunchPlace> {
    if (!(await registry.find(nodeId, await store.length(nodeId)))) throw nodeNotFound()
    return registry.launches.place(nodeId, launch)
  }

  /** True if only the archive may have it. */
  async function isArchived(nodeId: string, { back, from }: LaunchPlace): Promise<boolean> {
    return back > 0 || (await store.length(nodeId)) <= from
  }

  /** The length of the list that the launch is in, up to its end. */
  async function length(launch: LaunchId): Promise<number> {
    const { lists, to } = await find(launch)
    return Math.min(to, await lists.length(launch.nodeId))
  }

  async function read(launch: LaunchId, from: number, limit: number): Promise<string[]> {
    const { lists, to } = await find(launch)
    return from < to ? lists.read(launch.nodeId, from, Math.min(limit, to - from)) : []
  }

  async function readBefore(launch: LaunchId, end: number, limit: number): Promise<string[]> {
    const { lists, to } = await find(launch)
    return end <= to ? lists.readBefore(launch.nodeId, end, limit) : []
  }

  /** Looked up at each read: the node may be launched again, and the live log may expire. */
  async function find({ nodeId, number }: LaunchId): Promise<{ lists: PastLists; to: number }> {
    const place = await placeOf(nodeId, number).catch((error) => {
      if (error instanceof HttpError && error.status === 404) return undefined
      throw error
    })
    // Its node was deleted.
    if (!place) return { lists: store, to: 0 }
    const { back, to } = place
    if (back > 0) return { lists: await archive.earlier(back), to }
    return { lists: (await isArchived(nodeId, place)) ? archive.past : store, to }
  }
}
