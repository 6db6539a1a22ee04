import type { NodeRecord } from '@launchtail/client/protocol'
import type { NodeAbout } from '../../nodes/node-pages.js'
import { nodeFrame, PAGE_TEXT } from './frames.js'
import type { FleetView } from './view.js'

/**
 * The changes that a reader may lack, the oldest first: of each node only the newest. Each has a
 * number, and a reader knows the number of the last one it has been sent.
 */
export interface FleetChanges {
  /** The number of the newest change. */
  newest(): number
  /** Without a node it was deleted. */
  add(nodeId: string, frame: string, node?: NodeRecord): void
  /** A reader that has seen a change was sent this node, as read after the change `before`. */
  renew(node: NodeRecord, seen: number, before: number): void
  /** The frames after a change, as many as fit into one write, and the number of the last. */
  after(seen: number, view?: FleetView): { readonly text: string; readonly last: number }
  /** Forgets the changes up to this one, which every reader has been sent. */
  forget(seen: number): void
}

interface Change {
  readonly number: number
  frame: string
  /** Undefined if the node was deleted. */
  readonly about: NodeAbout | undefined
}

export function createFleetChanges(): FleetChanges {
  const changes = new Map<string, Change>()
  let newest = 0
  return {
    newest: () => newest,
    add(nodeId, frame, node) {
      newest += 1
      // Deleted first, so that it goes to the end.
      changes.delete(nodeId)
      changes.set(nodeId, { number: newest, frame, about: node && aboutOf(node) })
    },
    // A change that came before the node was read holds an older state. A reader that lacks it must
    // not get that after the newer one.
    renew(node, seen, before) {
      const change = changes.get(node.node_id)
      if (change && change.number > seen && change.number <= before) change.frame = nodeFrame(node)
    },
    after(seen, view) {
      let text = ''
      let last = seen
      for (const [nodeId, { number, frame, about }] of changes) {
        if (number <= seen) continue
        if (isVisible(view, nodeId, about)) text += frame
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

/** What of a node decides who may see it. */
function aboutOf({ node_id: nodeId, owner, labels }: NodeRecord): NodeAbout {
  return { nodeId, ...(owner !== undefined && { owner }), ...(labels && { labels }) }
}

function isVisible(
  view: FleetView | undefined,
  nodeId: string,
  about: NodeAbout | undefined,
): boolean {
  if (!view) return true
  if (!about) return view.shown.delete(nodeId)
  if (!view.only(about)) return false
  view.shown.add(nodeId)
  return true
}
