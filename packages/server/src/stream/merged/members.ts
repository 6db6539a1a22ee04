import { NOT_LAUNCHED, type Phase } from '@launchtail/client/protocol'
import { HttpError } from '../../errors.js'
import type { LaunchNumbers, NumberedLaunch } from '../../nodes/launch-numbers.js'
import { nodeText, withId } from './events.js'
import { startOfLaunch, startOfPhase } from './launch-start.js'
import { addPlace, idOf, newPlace, type Position, renumber } from './position.js'
import type { Source, Sources } from './sources.js'

/** The most launches that are open in one stream: an id names each of them. */
export const MOST_OPEN = 500
const TOO_MANY = `more than ${MOST_OPEN} open nodes; narrow with node= or phase=`

/** A stream has no room for the launches that join it. */
export class TooManyOpen extends Error {
  constructor() {
    super(TOO_MANY)
  }
}

/** Decides which launches join a stream. A fixed set of nodes has none. */
export interface Members {
  /** True if the position may lack launches that belong to the stream. */
  lacks(position: Position): boolean
  /**
   * Lets launches join that the position lacks, and gives the text that says so. They join in the order
   * of their numbers, because an id names the newest alone. Throws TooManyOpen where there is no room.
   */
  join(position: Position): Promise<string>
  /** The registry has news. */
  changed(): void
}

export interface MembersOptions {
  numbers: LaunchNumbers
  sources: Sources
  phase: Phase | undefined
  /** Only launches of this group's nodes. */
  group: string | undefined
}

export function createMembers(options: MembersOptions): Members {
  const { numbers, sources, phase, group } = options
  let looks = 0
  return {
    lacks: ({ looked }) => looked !== looks,
    join,
    changed() {
      looks += 1
    },
  }

  async function join(position: Position): Promise<string> {
    const during = looks
    let text = ''
    try {
      const launches = await lacking(position)
      for (const launch of launches) {
        // One of a node that was deleted since has nothing to send.
        const isGone = launch.back === 0
        const known = position.places.get(launch.nodeId)
        // The end of the deleted one is told first.
        if (known?.source.isRemoved) return text
        if (isGone) passed(position, launch)
        else if (known) renumber(position, known, launch.number)
        else if (position.places.size >= MOST_OPEN) throw new TooManyOpen()
        else text += await add(position, launch)
        passed(position, launch)
      }
      if (launches.length < MOST_OPEN) position.looked = during
    } catch (error) {
      // Those that have joined must be told. The next call fails again, or goes on.
      if (text === '') throw error
    }
    return text
  }

  function lacking({ joined, places }: Position): Promise<readonly Launch[]> {
    return phase === undefined ? newLaunches(joined) : inPhase(phase, places)
  }

  async function newLaunches(joined: number): Promise<readonly Launch[]> {
    const launches = await numbers.after(joined, MOST_OPEN, group)
    return launches.map(({ deleted, ...launch }, i) => {
      const later = launches.slice(i).filter(({ nodeId }) => nodeId === launch.nodeId)
      return { ...launch, back: deleted ? 0 : later.length }
    })
  }

  async function inPhase(wanted: Phase, places: Position['places']): Promise<readonly Launch[]> {
    const open = await numbers.open(wanted, MOST_OPEN + 1)
    return open
      .filter(({ nodeId }) => !places.has(nodeId))
      .map((launch) => ({ ...launch, back: 1 }))
  }

  /** Empty where the node is gone, or its log is not in that phase any more. */
  async function add(position: Position, { nodeId, number, back }: Launch): Promise<string> {
    const source = await sources.take(nodeId)
    if (!source) return ''
    try {
      await source.feed.sync()
      if (phase !== undefined && phaseOf(source) !== phase) return released(source)
      const { feed } = source
      const cursor = await (phase === undefined
        ? startOfLaunch(feed, back)
        : startOfPhase(feed, phase))
      addPlace(position, newPlace(source, { number, cursor }))
    } catch (error) {
      sources.release(source)
      throw error
    }
    passed(position, { number })
    return withId(nodeText(nodeId, 'joined'), idOf(position))
  }

  /** A launch that enters a phase late may have any number. */
  function passed(position: Position, { number }: Pick<Launch, 'number'>): void {
    if (phase !== undefined || number <= position.joined) return
    position.joined = number
    position.ids.changed()
  }

  function released(source: Source): '' {
    sources.release(source)
    return ''
  }
}

interface Launch extends NumberedLaunch {
  /** How many launches back in its node's log, from 1 for the newest; 0 if there is no such node. */
  readonly back: number
}

/** The phase of a node by its list. */
export function phaseOf({ feed }: Source): Phase {
  return feed.phase() ?? NOT_LAUNCHED.phase
}

/** Throws 400 where more launches are open than a stream has room for. */
export async function refuseTooMany(
  numbers: Pick<LaunchNumbers, 'open'>,
  phase: Phase | undefined,
): Promise<NumberedLaunch[]> {
  const launches = await numbers.open(phase, MOST_OPEN + 1)
  if (launches.length > MOST_OPEN) throw new HttpError(400, TOO_MANY)
  return launches
}
