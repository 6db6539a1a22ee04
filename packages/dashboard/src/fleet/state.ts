import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Link } from '../hub/link.js'
import type { ConnectionState, FleetNode } from '../hub/messages.js'

export interface FleetState {
  /** Every node the stream has sent, by its id. */
  readonly nodes: ReadonlySignal<ReadonlyMap<string, FleetNode>>
  /** How many nodes exist; undefined until those that are shown have come. */
  readonly total: ReadonlySignal<number | undefined>
  readonly connection: ReadonlySignal<ConnectionState>
  /** Why the server refuses the stream for good; empty while it does not. */
  readonly refusal: ReadonlySignal<string>
}

export interface FleetStateOptions {
  link: Link
  /** Empty while nobody is signed in. */
  token: ReadonlySignal<string>
}

/** All nodes, followed while the reader is signed in. */
export function createFleetState({ link, token }: FleetStateOptions): FleetState {
  const nodes = signal<ReadonlyMap<string, FleetNode>>(new Map())
  const total = signal<number | undefined>(undefined)
  const connection = signal<ConnectionState>({ state: 'connecting' })
  const refusal = signal('')

  effect(() => {
    if (!token.value) return
    nodes.value = new Map()
    total.value = undefined
    refusal.value = ''
    return link.subscribe(
      { type: 'fleet' },
      {
        onState(state) {
          connection.value = state
        },
        onRefused(message) {
          refusal.value = message
        },
        onNodes({ nodes: changed, gone, total: count }) {
          const next = new Map(nodes.peek())
          for (const node of changed) next.set(node.node_id, node)
          for (const nodeId of gone) next.delete(nodeId)
          nodes.value = next
          total.value = count
        },
      },
    )
  })
  return { nodes, total, connection, refusal }
}
