import type { Filler } from './filler.js'
import type { PageReader } from './page-reader.js'
import { NOTHING_YET } from './pages.js'
import type { Pauses } from './pauses.js'
import type { ArchiveThread } from './thread.js'

/** Takes in about as much as fits into a transaction. Returns the nodes that have more. */
export type Taker = (nodeIds: readonly string[], isPassing: boolean) => Promise<string[]>

export interface TakerOptions {
  thread: Pick<ArchiveThread, 'call'>
  reader: PageReader
  filler: Pick<Filler, 'passed'>
  pauses: Pick<Pauses, 'pace'>
  /** Grows with each node that this server removes. */
  removals: () => number
  /** True if other servers have the same archive, and remove nodes, too. */
  isShared: boolean
  /** Entries that are stored in one transaction, unless some are passed over. */
  most: number
}

export function createTaker({
  thread,
  reader,
  filler,
  pauses,
  removals,
  isShared,
  most,
}: TakerOptions): Taker {
  return async (nodeIds, isPassing) => {
    const before = removals()
    const ofAll = isShared ? await thread.call('removals') : undefined
    const read = isPassing ? reader.readNewest(nodeIds) : reader.read(nodeIds, most)
    const { pages, left } = await read
    // What was read may be of a node that is gone, or of one before the node that has its id now.
    if (removals() !== before) return [...nodeIds]
    if (pages.length === 0) return [...left]
    const reached = await thread.call('takeIn', pages, pauses.pace(), ofAll)
    if (!reached) return [...nodeIds]
    if (pages.some(({ passedOver }) => passedOver !== undefined)) filler.passed()
    for (const [i, page] of pages.entries()) {
      if (!reader.note(page, reached[i] ?? NOTHING_YET)) left.add(page.nodeId)
    }
    return [...left]
  }
}
