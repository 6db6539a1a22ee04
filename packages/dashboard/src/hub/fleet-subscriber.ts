import type { FromHub } from './messages.js'
import type { NodeTable } from './node-table.js'

/** A screen shows no more often than this, in ms. */
const FRAME = 30

export interface FleetSubscriber {
  readonly send: (message: FromHub) => void
  readonly id: number
  /** A node has changed; it is sent with the next frame. */
  changed(nodeId: string): void
  /** Something is to be sent with the next frame, if only the total. */
  schedule(): void
  /** The tab has processed the last message. */
  ack(): void
  stop(): void
}

export interface FleetSubscriberOptions {
  readonly id: number
  readonly send: (message: FromHub) => void
  readonly table: NodeTable
}

/**
 * One tab's view of the nodes. A slow tab is sent the newest state of what has changed meanwhile,
 * and nothing in between.
 */
export function createFleetSubscriber({
  id,
  send,
  table,
}: FleetSubscriberOptions): FleetSubscriber {
  const changed = new Set(table.nodes.keys())
  /** The tab has not yet processed the last message. */
  let busy = false
  let lastTotal: number | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  flush()
  return {
    id,
    send,
    changed(nodeId) {
      changed.add(nodeId)
      schedule()
    },
    schedule,
    ack() {
      busy = false
      schedule()
    },
    stop: () => clearTimeout(timer),
  }

  function schedule(): void {
    timer ??= setTimeout(flush, FRAME)
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    const { nodes, total } = table
    if (busy || (changed.size === 0 && lastTotal === total)) return
    const ids = [...changed]
    changed.clear()
    busy = true
    lastTotal = total
    send({
      type: 'nodes',
      id,
      nodes: ids.flatMap((nodeId) => nodes.get(nodeId) ?? []),
      gone: ids.filter((nodeId) => !nodes.has(nodeId)),
      total,
    })
  }
}
