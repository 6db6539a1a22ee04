import { type Instant, type Phase, START } from '@launchtail/client/protocol'
import { nodeNotFound } from '../../errors.js'
import type { NumberedLaunch } from '../../nodes/launch-numbers.js'
import type { Registry } from '../../nodes/registry.js'
import type { Item } from '../feed/item.js'
import { cursorBefore, lastShown } from '../start.js'
import { refuseTooMany } from './members.js'
import {
  addPlace,
  dropPosition,
  newPlace,
  newPosition,
  type Place,
  type Position,
} from './position.js'
import type { Sources } from './sources.js'
import { timeOf } from './step.js'

/** The history that a new reader wants. */
export interface History {
  /** How many of the newest entries of all logs. */
  readonly tail: number
  /** How many of each log. */
  readonly tailPerNode: number
  readonly since: Instant | undefined
}

export interface BeginOptions {
  registry: Pick<Registry, 'find' | 'flush' | 'numbers'>
  sources: Sources
  /** The nodes of a fixed set. */
  nodes: ReadonlySet<string> | undefined
  group: string | undefined
  phase: Phase | undefined
  filter: Buffer
  history: History
}

/** Logs that are opened at once. */
const AT_ONCE = 16

/** Where a new reader starts. Throws 404 for a node that is not there, and 400 for too many. */
export async function beginAnew(options: BeginOptions): Promise<Position> {
  const { registry, sources, nodes, group, phase, filter, history } = options
  // Asked first: a launch that begins in between joins as one that is new.
  const joined = await registry.numbers.newest()
  // The records say which launches are in the phase.
  if (phase) await registry.flush()
  const launches = await (nodes
    ? launchesOf(nodes, registry)
    : group !== undefined
      ? registry.numbers.ofGroup(group)
      : refuseTooMany(registry.numbers, phase))
  const newest = nodes ? Math.max(joined, ...launches.map(({ number }) => number)) : joined
  const position = newPosition(filter, phase ? 0 : newest)
  const known = launches.filter(({ number }) => number <= newest)
  try {
    const starts: Start[] = []
    for (let first = 0; first < known.length; first += AT_ONCE) {
      const some = known.slice(first, first + AT_ONCE)
      starts.push(...(await allOf(some.map((launch) => open(launch, position, options)))).flat())
    }
    await moveToLast(starts, history)
    return position
  } catch (error) {
    dropPosition(position, sources)
    throw error
  }
}

interface Start {
  /** At the end of its log, until there is history to be shown. */
  readonly place: Place
  readonly shown: readonly Item[]
}

async function launchesOf(
  nodes: ReadonlySet<string>,
  registry: BeginOptions['registry'],
): Promise<NumberedLaunch[]> {
  const records = await Promise.all([...nodes].map((nodeId) => registry.find(nodeId)))
  if (records.includes(undefined)) throw nodeNotFound()
  return registry.numbers.ofNodes([...nodes])
}

async function open(
  { number, nodeId }: NumberedLaunch,
  position: Position,
  { sources, history: { tail, tailPerNode, since } }: BeginOptions,
): Promise<Start[]> {
  const source = await sources.take(nodeId)
  // Deleted a moment ago.
  if (!source) return []
  const { feed, filter } = source
  const limit = Math.min(tail, tailPerNode)
  const cursor = limit === Number.POSITIVE_INFINITY ? START : feed.tip()
  const history = since && { since, until: feed.length() }
  const place = newPlace(source, { number, cursor, history })
  addPlace(position, place)
  if (limit === 0 || limit === Number.POSITIVE_INFINITY) return [{ place, shown: [] }]
  const shown = await lastShown(feed, { tail: limit, since }, filter)
  // All of the log was looked at where nothing in it was found.
  if (filter && shown.length === 0) position.scanned += place.cursor.index + 1
  return [{ place, shown }]
}

/** Of all that could be shown the newest are: each log starts before the first of them in it. */
async function moveToLast(starts: readonly Start[], { tail }: History): Promise<void> {
  const all = starts.flatMap(({ place, shown }) => {
    let time = Number.NEGATIVE_INFINITY
    return shown.map((item) => {
      time = Math.max(time, timeOf(item))
      return { place, item, time }
    })
  })
  all.sort((a, b) => a.time - b.time || a.place.number - b.place.number)
  const first = new Map<Place, number>()
  for (const { place, item } of all.slice(Math.max(0, all.length - tail))) {
    if (!first.has(place)) first.set(place, item.index)
  }
  for (const [place, index] of first) {
    place.cursor = await cursorBefore(place.source.feed, index)
    place.list = place.cursor.index < 0 ? place.source.list : -1
  }
}

/** Fails when the last of them has ended. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
  return results.map((result) => (result as PromiseFulfilledResult<T>).value)
}
