import type { ServerResponse } from 'node:http'
import type { Instant, Level, Phase } from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import { stopping } from '../../errors.js'
import type { Archive } from '../../find/archive/archive.js'
import { filterFor } from '../../find/filter-for.js'
import type { SlowEntries } from '../../find/slow-entries.js'
import type { Registry } from '../../nodes/registry.js'
import type { Feeds } from '../feeds.js'
import { gapOf } from '../gap.js'
import { NO_OBSERVER } from '../observer.js'
import type { Lifetimes } from '../readers.js'
import { startTicks } from '../ticks.js'
import { createAdvance } from './advance.js'
import { beginAnew, type History } from './begin.js'
import { type Channel, createChannel, isOver } from './channel.js'
import { gapText, withId } from './events.js'
import { filterHash, readId } from './id.js'
import { type Joining, joiningOf } from './joining.js'
import { createMembers, refuseTooMany } from './members.js'
import { copyOf, dropPosition, idOf, type Position } from './position.js'
import { resume } from './resume.js'
import { createSources } from './sources.js'

/** The streams of many nodes, each of its own nodes and filter. */
export interface Merged {
  /**
   * Sends what the request asks for. `accept` gives the answer, its head written; it is called with true
   * if some of the logs are read from the archive. False if the reader has seen the end of the stream.
   */
  open(request: MergedRequest, accept: Accept): Promise<boolean>
  /** The id at which a stream of these nodes and this filter goes on behind a search. */
  joining(filtered: Filtered): Promise<Joining | undefined>
  /** The number of readers. */
  readers(): number
  /** Ends all streams, evenly over so many milliseconds. */
  drain(over: number): Promise<void>
}

type Accept = (isExpired: boolean) => ServerResponse

/** What makes a stream's ids different from another's. */
interface Filtered {
  /** A fixed set; undefined for the launches that are under way. */
  readonly nodes: ReadonlySet<string> | undefined
  /** The nodes of this group, and those that take their places. */
  readonly group?: string | undefined
  readonly levels: ReadonlySet<Level> | undefined
  readonly find: Query | undefined
  readonly phase: Phase | undefined
}

export interface MergedRequest extends Filtered {
  readonly until: Instant | undefined
  readonly history: History
  /** The last event id as the reader sent it; empty for none. */
  readonly lastEventId: string
}

export interface MergedOptions extends Lifetimes {
  feeds: Pick<Feeds, 'listen'>
  /** The logs of which only the archive has something. */
  expired: Pick<Feeds, 'listen'>
  archive: Pick<Archive, 'past'>
  registry: Pick<Registry, 'find' | 'get' | 'watch' | 'flush' | 'numbers'>
  slowEntries: SlowEntries
  /** True while nodes of the group may begin that it does not have yet. */
  isGrowing: (groupId: string) => Promise<boolean>
  /** Tells this server's launches from those of another one. Their numbers are its own. */
  server: string
  /** Milliseconds a lost storage is waited for. */
  storageGrace: number
  onFault: (message: string, error: unknown) => void
}

/** Milliseconds for which changes of records are collected. */
const COLLECT = 100

interface Open {
  readonly channel: Channel
  begin(history: History): Promise<Position>
  resume(lastEventId: string): Promise<Position | 'over' | undefined>
  /** True if the time at which the stream ends is over, and all up to then was sent. Drops it then. */
  isRead(position: Position): Promise<boolean>
  drop(position: Position): void
  close(): void
  /** Requests that are about to add a reader. */
  users: number
}

export function createMerged(options: MergedOptions): Merged {
  const channels = new Map<string, Open>()
  let draining = false
  const ticks = startTicks(async (slices) => {
    for (const { channel } of [...channels.values()]) await channel.tick(slices)
  }, options)
  return {
    open,
    joining(filtered) {
      const filter = filterHash(filterText(filtered, options))
      return joiningOf({ numbers: options.registry.numbers, nodes: filtered.nodes, filter })
    },
    readers,
    drain,
  }

  async function open(request: MergedRequest, accept: Accept): Promise<boolean> {
    if (draining) throw stopping()
    const { history, lastEventId } = request
    const now = Date.now()
    const key = keyOf(request, now)
    const opened = channels.get(key) ?? openChannel(request, now, options, () => closeUnused(key))
    channels.set(key, opened)
    opened.users += 1
    try {
      const resumed = lastEventId === '' ? undefined : await opened.resume(lastEventId)
      if (resumed === 'over' || (resumed && (await opened.isRead(resumed)))) return false
      const position = resumed ?? (await opened.begin(history))
      if (draining) {
        opened.drop(position)
        throw stopping()
      }
      const isLost = lastEventId !== '' && !resumed
      if (lastEventId !== '') options.observer?.resumed()
      if (isLost) options.observer?.gap('unknown')
      opened.channel.add(
        accept(hasExpired(position)),
        position,
        isLost ? unknownIdText(lastEventId, position) : '',
      )
      return true
    } finally {
      opened.users -= 1
      closeUnused(key)
    }
  }

  function closeUnused(key: string): void {
    const opened = channels.get(key)
    if (!opened || opened.users + opened.channel.size() > 0) return
    channels.delete(key)
    opened.close()
  }

  function readers(): number {
    let sum = 0
    for (const { channel } of channels.values()) sum += channel.size()
    return sum
  }

  async function drain(over: number): Promise<void> {
    draining = true
    await Promise.all([...channels.values()].map(({ channel }) => channel.drain(over)))
    await ticks.stop()
  }
}

function openChannel(
  request: MergedRequest,
  now: number,
  options: MergedOptions,
  onGone: () => void,
): Open {
  const { feeds, expired, archive, registry, slowEntries, observer = NO_OBSERVER } = options
  const { nodes, group, phase, levels, find, until } = request
  const filter = filterHash(filterText(request, options))
  const sources = createSources({
    feeds,
    expired,
    archive,
    registry,
    filterFor: (nodeId) => filterFor(nodeId, { levels, find, now, registry, slowEntries }),
    onNews: () => channel.news(),
    onLost: () => channel.lost(),
    onFound: () => channel.found(),
  })
  const { numbers } = registry
  const members = nodes ? undefined : createMembers({ numbers, sources, phase, group })
  // A fixed set is whole from the beginning, and launches under way never are.
  const isWhole =
    group === undefined
      ? nodes && (async () => true)
      : async () => !(await options.isGrowing(group))
  const advance = createAdvance({ sources, members, isWhole, phase, until, observer })
  const isFiltered = Boolean(find ?? levels)
  const channel = createChannel({ ...options, sources, advance, filter, isFiltered, until, onGone })
  let timer: NodeJS.Timeout | undefined
  const unwatch = members ? registry.watch(look) : () => {}
  return {
    channel,
    users: 0,
    begin: (history) => beginAnew({ registry, sources, nodes, group, phase, filter, history }),
    async resume(lastEventId) {
      const id = readId(lastEventId, filter)
      if (id?.isEnd) return 'over'
      if (id && !nodes && group === undefined) await refuseTooMany(numbers, phase)
      return id && resume(id, { numbers, sources, filter })
    },
    async isRead(position) {
      if (!isOver(until)) return false
      const ahead = copyOf(position, filter, sources)
      const { text, more } = await advance(ahead, new Map())
      dropPosition(ahead, sources)
      const isRead = text === '' && !more
      if (isRead) dropPosition(position, sources)
      return isRead
    },
    drop: (position) => dropPosition(position, sources),
    close() {
      unwatch()
      clearTimeout(timer)
    },
  }

  function look(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      members?.changed()
      channel.news()
    }, COLLECT)
  }
}

function filterText(filtered: Filtered, { server }: Pick<MergedOptions, 'server'>): string {
  return `${server} ${filterOf(filtered)}`
}

function filterOf({ nodes, group, phase, levels, find }: Filtered): string {
  const [ids, names] = [nodes, levels].map((set) => (set ? [...set].sort() : null))
  const all = [ids, phase, names, find?.text]
  return JSON.stringify(group === undefined ? all : [...all, group])
}

/** Queries that count from now find something else at each request, so they share nothing. */
function keyOf(request: MergedRequest, now: number): string {
  const { find, until } = request
  return JSON.stringify([filterOf(request), until, find?.isRelative ? now : null])
}

function hasExpired({ places }: Position): boolean {
  return [...places.values()].some(({ source }) => source.isExpired)
}

/** The reader's id is damaged, or that of another stream: it is sent the history anew. */
function unknownIdText(lastEventId: string, position: Position): string {
  const id = idOf(position)
  return withId(gapText(gapOf(lastEventId, 0, 'unknown', id)), id)
}
