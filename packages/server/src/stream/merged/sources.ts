import {
  type DoneEvent,
  NOT_LAUNCHED,
  type NodeRecord,
  type Phase,
  START,
} from '@launchtail/client/protocol'
import { ownTurn } from '../../async/turns.js'
import { StorageUnavailable } from '../../errors.js'
import type { Archive } from '../../find/archive/archive.js'
import type { LogFilter } from '../../find/log-filter.js'
import type { Registry } from '../../nodes/registry.js'
import type { Feed, FeedListener } from '../feed/feed.js'
import type { Feeds, Listening } from '../feeds.js'
import { hasExpired } from '../has-expired.js'

/** A node's log as it is watched for the readers of a stream of many. */
export interface Source {
  readonly nodeId: string
  readonly feed: Feed
  readonly filter: LogFilter | undefined
  /** The node's phase by its record, for a list that does not tell one. */
  readonly phase: Phase
  /** The `done` from the node's record, for a list that does not show it. */
  readonly recorded: DoneEvent | undefined
  /** Counts the lists there were. */
  list: number
  /** The node was deleted on purpose. */
  isRemoved: boolean
  /** The log is read from the archive, because the live one is not kept any more. */
  readonly isExpired: boolean
  users: number
}

/** The watched logs of one stream. Each is kept as long as a reader has not read it to its end. */
export interface Sources {
  /** Opens the node's log, or takes the open one. Undefined if there is no such node. */
  take(nodeId: string): Promise<Source | undefined>
  /** For a node that was deleted before it was opened. */
  ofDeleted(nodeId: string): Source
  /** For one reader more. */
  share(source: Source): void
  release(source: Source): void
}

export interface SourcesOptions {
  feeds: Pick<Feeds, 'listen'>
  /** The logs of which only the archive has something. */
  expired: Pick<Feeds, 'listen'>
  archive: Pick<Archive, 'past'>
  registry: Pick<Registry, 'find'>
  filterFor: (nodeId: string) => Promise<LogFilter | undefined>
  /** Something has happened to one of the logs. */
  onNews: () => void
  onLost: () => void
  onFound: () => void
}

export function createSources(options: SourcesOptions): Sources {
  const { registry, filterFor, onNews, onLost, onFound } = options
  const open = new Map<string, Promise<Source | undefined>>()
  const closes = new Map<Source, () => void>()
  return {
    async take(nodeId) {
      const known = open.get(nodeId) ?? start(nodeId)
      const source = await known
      if (source) source.users += 1
      return source
    },
    ofDeleted: (nodeId) => ({ ...DELETED_SOURCE, nodeId, users: 1 }),
    share(source) {
      source.users += 1
    },
    release(source) {
      source.users -= 1
      if (source.users > 0 || !closes.has(source)) return
      if (!source.isRemoved && !source.isExpired) open.delete(source.nodeId)
      closes.get(source)?.()
      closes.delete(source)
    },
  }

  function start(nodeId: string): Promise<Source | undefined> {
    const opening = openSource(nodeId).catch((error) => {
      open.delete(nodeId)
      throw error
    })
    open.set(nodeId, opening)
    return opening
  }

  async function openSource(nodeId: string): Promise<Source | undefined> {
    const record = await registry.find(nodeId)
    if (!record) {
      open.delete(nodeId)
      return undefined
    }
    // Hundreds may be opened for one reader, and others must get their turn.
    await ownTurn()
    let source: Source | undefined
    const { feed, close, isExpired } = await listen(record, {
      grown: onNews,
      replaced() {
        if (source) source.list += 1
        onNews()
      },
      removed() {
        // Whoever asks for this node from now on gets another source.
        if (source && !source.isRemoved) open.delete(nodeId)
        if (source) source.isRemoved = true
        onNews()
      },
      lost: onLost,
      found: onFound,
    })
    try {
      if (!feed.reachable()) throw new StorageUnavailable('watched list out of reach')
      const filter = await filterFor(nodeId)
      const { phase, status, endpoint, message, ended_at } = record
      const done: DoneEvent = { status, ...(endpoint !== undefined && { endpoint }), message }
      const recorded = ended_at === undefined ? undefined : done
      const fresh = { list: 0, isRemoved: false, isExpired, users: 0 }
      source = { nodeId, feed, filter, phase, recorded, ...fresh }
      // Its next launch begins another log, which is live.
      if (isExpired) open.delete(nodeId)
      closes.set(source, () => {
        filter?.close()
        close()
      })
      return source
    } catch (error) {
      close()
      throw error
    }
  }

  /** Watches the node's live log, or the archive's where that has expired. */
  async function listen(
    record: NodeRecord,
    listener: FeedListener,
  ): Promise<Listening & { isExpired: boolean }> {
    const { feeds, expired, archive } = options
    const live = await feeds.listen(record.node_id, listener)
    // Nothing is known of a list that is out of reach.
    if (!live.feed.reachable()) return { ...live, isExpired: false }
    const isExpired = await hasExpired(archive, live.feed, record).catch((error) => {
      live.close()
      throw error
    })
    if (!isExpired) return { ...live, isExpired }
    live.close()
    return { ...(await expired.listen(record.node_id, listener)), isExpired }
  }
}

const NO_LIST: Feed = {
  length: () => 0,
  newest: () => undefined,
  phase: () => undefined,
  end: () => undefined,
  tip: () => START,
  reachable: () => true,
  read: () => [],
  readBefore: () => [],
  newer: () => [],
  sync: async () => {},
  trim() {},
  close() {},
}

const DELETED_SOURCE: Omit<Source, 'nodeId'> = {
  feed: NO_LIST,
  filter: undefined,
  phase: NOT_LAUNCHED.phase,
  recorded: undefined,
  list: 0,
  isRemoved: true,
  isExpired: false,
  users: 0,
}
