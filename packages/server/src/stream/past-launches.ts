import { NOT_LAUNCHED, type NodeRecord } from '@launchtail/client/protocol'
import { createLaunchLogs, type LaunchId, type LaunchLogsOptions } from '../find/launch-logs.js'
import { type Context, inContext } from '../logs/in-context.js'
import { foldEnd, type LaunchEnd } from '../logs/launch-end.js'
import { createFeeds, type Feeds, type FeedsOptions } from './feeds.js'
import { pastStore } from './past-store.js'

export interface PastLaunchesOptions
  extends Omit<FeedsOptions, 'store' | 'recordAt'>,
    LaunchLogsOptions {}

/**
 * The logs of launches whose node has been launched since, by `launchKey`. Each is a list that ends with
 * the launch, and to which nothing is added.
 */
export function createPastLaunches(options: PastLaunchesOptions): Feeds {
  const { store, archive, registry, readText, ...rest } = options
  const logs = createLaunchLogs({ store, archive, registry })
  return createFeeds({
    ...rest,
    store: pastStore({
      length: (key) => logs.length(launchOf(key)),
      read: (key, from, limit) => logs.read(launchOf(key), from, limit),
      readBefore: (key, to, limit) => logs.readBefore(launchOf(key), to, limit),
    }),
    readText: (text, key) => readText(text, launchOf(key).nodeId),
    recordAt,
  })

  /** The node's record, which is of its newest launch, with the end of this one. */
  async function recordAt(key: string, length: number): Promise<NodeRecord | undefined> {
    const launch = launchOf(key)
    const record = await registry.find(launch.nodeId)
    if (!record || length === 0) return record
    const end = await endOf(launch, length)
    if (!end) return record
    const { endpoint: _, ...others } = record
    const { endpoint, ...how } = end
    return { ...others, ...how, ...(endpoint !== undefined && { endpoint }) }
  }

  /** How the launch has ended, by all its entries. */
  async function endOf(launch: LaunchId, length: number): Promise<LaunchEnd | undefined> {
    const { from } = await registry.launches.place(launch.nodeId, launch.number)
    let context: Context = { ...NOT_LAUNCHED, timestamp: '' }
    let end: LaunchEnd | undefined
    for (let at = from; at < length; ) {
      const texts = await logs.read(launch, at, PAGE)
      if (texts.length === 0) break
      for (const text of texts) {
        const stored = readText(text, launch.nodeId)
        const entry = stored && inContext(stored, context)
        if (!entry) continue
        context = entry
        end = foldEnd(end, entry)
      }
      at += texts.length
    }
    return end
  }
}

const PAGE = 500

/** The name under which the log of one launch is watched. No id of a node has a slash. */
export function launchKey({ nodeId, number }: LaunchId): string {
  return `${nodeId}/${number}`
}

function launchOf(key: string): LaunchId {
  const [nodeId = '', number] = key.split('/')
  return { nodeId, number: Number(number) }
}
