import type { NodeRecord } from '@launchtail/client/protocol'
import { nodeFrame, PAGE_TEXT } from './frames.js'

/**
 * The changes that a reader may lack, the oldest first: of each node only the newest. Each has a
 * number, and a reader knows the number of the last one it has been sent.
 */
export interface FleetChanges {
  /** The number of the newest change. */
  newest(): number
  add(nodeId: string, frame: string): void
  /** A reader that has seen a change was sent this node, as read after the change `before`. */
  renew(node: NodeRecord, seen: number, before: number): void
  /** The frames after a change, as many as fit into one write, and the number of the last. */
  after(seen: number): { readonly text: string; readonly last: number }
  /** Forgets the changes up to this one, which every reader has been sent. */
  forget(seen: number): void
}

export function createFleetChanges(): FleetChanges {
  const changes = new Map<string, { number: number; frame: string }>()
  let newest = 0
  return {
    newest: () => newest,
    add(nodeId, frame) {
      newest += 1
      // Deleted first, so that it goes to the end.
      changes.delete(nodeId)
      changes.set(nodeId, { number: newest, frame })
    },
    // A change that came before the node was read holds an older state. A reader that lacks it must
    // not get that after the newer one.
    renew(node, seen, before) {
      const change = changes.get(node.node_id)
      if (change && change.number > seen && change.number <= before) change.frame = nodeFrame(node)
    },
    after(seen) {
      let text = ''
      let last = seen
      for (const { number, frame } of changes.values()) {
        if (number <= seen) continue
        text += frame
        last = number
        if (text.length > PAGE_TEXT) break
      }
      return { text, last }
    },
    forget(seen) {
      for (const [nodeId, { number }] of changes) {
        if (number > seen) break
        changes.delete(nodeId)
      }
    },
  }
}
