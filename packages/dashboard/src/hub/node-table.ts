import type { NodeRecord } from '@launchtail/client'
import type { FleetNode } from './messages.js'

export interface NodeTable {
  readonly nodes: ReadonlyMap<string, FleetNode>
  /** How many nodes exist; the stream begins with the newest of them. Undefined until they came. */
  readonly total: number | undefined
  /** A new connection sends its nodes from the start. */
  restart(): void
  put(node: NodeRecord): void
  remove(nodeId: string): void
  /** The connection has sent its first nodes, out of `count` that exist. */
  ready(count: number): void
}

export interface NodeTableOptions {
  /** A node has come, changed or gone. */
  onChange: (nodeId: string) => void
  onTotal: () => void
}

/** The nodes as the newest connection knows them. */
export function createNodeTable({ onChange, onTotal }: NodeTableOptions): NodeTable {
  const nodes = new Map<string, FleetNode>()
  /** The ids that came since the connection was made. */
  let received = new Set<string>()
  let total: number | undefined
  return {
    nodes,
    get total() {
      return total
    },
    restart() {
      received = new Set()
    },
    put,
    remove,
    ready,
  }

  function put(node: NodeRecord): void {
    received.add(node.node_id)
    const { eta_seconds: eta } = node
    const due = eta === undefined ? {} : { due: Date.now() + eta * 1000 }
    nodes.set(node.node_id, { ...node, ...due })
    onChange(node.node_id)
  }

  function remove(nodeId: string): void {
    if (nodes.delete(nodeId)) onChange(nodeId)
  }

  function ready(count: number): void {
    total = count
    // A node that was known before and did not come again was deleted meanwhile.
    for (const nodeId of [...nodes.keys()]) if (!received.has(nodeId)) remove(nodeId)
    onTotal()
  }
}
