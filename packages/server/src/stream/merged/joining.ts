import type { Cursor } from '@launchtail/client/protocol'
import type { LaunchNumbers } from '../../nodes/launch-numbers.js'
import { createIdWriter, ENDS } from './id.js'
import { MOST_OPEN } from './members.js'

/** The id at which a stream goes on behind something that was read elsewhere. */
export interface Joining {
  /** The nodes of which it has to be known how far they were read. */
  readonly nodeIds: readonly string[]
  /** `cursors` has the last entry that was read of each of these nodes. */
  idAt(cursors: readonly Cursor[]): string
}

export interface JoiningOptions {
  numbers: Pick<LaunchNumbers, 'newest' | 'open' | 'ofNodes'>
  /** A fixed set; undefined for the launches that are under way. */
  nodes: ReadonlySet<string> | undefined
  filter: Buffer
}

/**
 * Called before the reading: a launch that begins later joins the stream, and is sent from its beginning.
 * Undefined where there is no such stream.
 */
export async function joiningOf(options: JoiningOptions): Promise<Joining | undefined> {
  const { numbers, nodes, filter } = options
  const newest = await numbers.newest()
  const launches = await (nodes
    ? numbers.ofNodes([...nodes])
    : numbers.open(undefined, MOST_OPEN + 1))
  if (launches.length > MOST_OPEN || (nodes && launches.length < nodes.size)) return undefined
  const joined = nodes ? Math.max(newest, ...launches.map(({ number }) => number)) : newest
  const known = launches
    .filter(({ number }) => number <= joined)
    .sort((a, b) => a.number - b.number)
  return {
    nodeIds: known.map(({ nodeId }) => nodeId),
    idAt(cursors) {
      const at = known.map(({ number }, i) => ({ number, cursor: cursors[i] as Cursor }))
      const state = { joined, ends: ENDS.map(() => 0), isEnd: false, launches: () => at }
      return createIdWriter(filter).write(state, undefined)
    },
  }
}
