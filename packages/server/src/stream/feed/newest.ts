import { isTerminal, type NodeRecord } from '@launchtail/client/protocol'
import { foldEnd, type LaunchEnd } from '../../logs/launch-end.js'
import type { Loaded } from './at-hand.js'
import type { Item, ItemReader } from './item.js'

export interface NewestOptions {
  read: ItemReader
  /** The node's record with all entries up to this length of its list. */
  recordAt: (length: number) => Promise<NodeRecord | undefined>
}

/** Reads a list's newest texts, and what they do not show by themselves: how the launch ended. */
export function newestReader({ read, recordAt }: NewestOptions) {
  return async (from: number, texts: readonly string[]): Promise<Loaded> => {
    const items = await read.page(from, texts)
    return {
      items,
      context: await read.contextAfter(items, from),
      end: await endOf(items, from),
    }
  }

  /**
   * A node that has been active for long has logged much since. Then the entry that ended its launch
   * is further back, and the record tells what it said.
   */
  async function endOf(items: readonly Item[], from: number): Promise<LaunchEnd | undefined> {
    let end: LaunchEnd | undefined
    /** False as long as all entries are of one end, which may have begun before them. */
    let begun = from === 0
    for (const { entry } of items) {
      if (!entry) continue
      const next = foldEnd(end, entry)
      if (!isTerminal(entry.phase) || (end && next?.status !== end.status)) begun = true
      end = next
    }
    if (!end || begun) return end
    const record = await recordAt(from + items.length)
    if (record?.phase !== end.phase) return end
    const { phase, status, endpoint, message } = record
    return { phase, status, endpoint, message }
  }
}
