import { ApiError, type Client, type NodeRecord, type StreamState } from '@launchtail/client'
import type { FromHub, LinkState, SeenNode, Subscription } from './messages.js'

/** A screen shows no more often than this, in ms. */
const FRAME = 30

export interface Fleet {
  subscribe(id: number, send: (message: FromHub) => void): Subscription
}

interface Subscriber {
  readonly id: number
  readonly send: (message: FromHub) => void
  /** What has changed since it was last sent something. */
  readonly changed: Set<string>
  /** It has not yet taken in what it was sent. */
  busy: boolean
  /** What it was last told to be the number of all nodes. */
  total: number | undefined
  timer: ReturnType<typeof setTimeout> | undefined
}

/**
 * All nodes, by one connection for all tabs. A tab that is slow is sent the newest state of what has
 * changed meanwhile, and nothing in between.
 */
export function watchFleet(client: Client, onEmpty: () => void): Fleet {
  const away = new AbortController()
  /** Ends a wait for the next attempt. */
  let sooner = new AbortController()
  const nodes = new Map<string, SeenNode>()
  const subscribers = new Set<Subscriber>()
  /** Those that came since the last connection was made. */
  let fresh = new Set<string>()
  /** How many nodes there are in all; the stream begins with the newest of them. */
  let total: number | undefined
  let state: LinkState = { state: 'connecting' }
  let refused: { status: number; message: string } | undefined
  void run()
  return { subscribe }

  function subscribe(id: number, send: (message: FromHub) => void): Subscription {
    const subscriber: Subscriber = {
      id,
      send,
      changed: new Set(nodes.keys()),
      busy: false,
      total: undefined,
      timer: undefined,
    }
    subscribers.add(subscriber)
    if (refused) send({ type: 'refused', id, ...refused })
    else send({ type: 'state', id, state })
    flush(subscriber)
    return {
      taken() {
        subscriber.busy = false
        schedule(subscriber)
      },
      seen() {
        if (state.state === 'waiting') sooner.abort()
      },
      stop() {
        clearTimeout(subscriber.timer)
        subscribers.delete(subscriber)
        if (subscribers.size > 0) return
        away.abort()
        onEmpty()
      },
    }
  }

  async function run(): Promise<void> {
    try {
      while (!away.signal.aborted) {
        sooner = new AbortController()
        await read(AbortSignal.any([away.signal, sooner.signal]))
      }
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0
      refused = { status, message: (error as Error).message }
      for (const { id, send } of subscribers) send({ type: 'refused', id, ...refused })
      // Whoever comes next tries again.
      onEmpty()
    }
  }

  async function read(signal: AbortSignal): Promise<void> {
    try {
      for await (const event of client.streamNodes({ signal, onState: connected })) {
        if (event.event === 'node') put(event.data)
        else if (event.event === 'deleted') remove(event.data.node_id)
        else ready(event.data.total)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  function connected(now: StreamState): void {
    if (now.state === 'connecting') fresh = new Set()
    if (now.state === 'waiting') {
      const { delay, error } = now
      state = { state: 'waiting', at: Date.now() + delay, because: error?.message ?? '' }
    } else state = now
    for (const { id, send } of subscribers) send({ type: 'state', id, state })
  }

  function put(node: NodeRecord): void {
    fresh.add(node.node_id)
    const { eta_seconds: eta } = node
    const due = eta === undefined ? {} : { due: Date.now() + eta * 1000 }
    nodes.set(node.node_id, { ...node, ...due })
    changed(node.node_id)
  }

  function remove(nodeId: string): void {
    if (nodes.delete(nodeId)) changed(nodeId)
  }

  /** All of now have come; what was known before and did not come was deleted meanwhile. */
  function ready(count: number): void {
    total = count
    for (const nodeId of [...nodes.keys()]) if (!fresh.has(nodeId)) remove(nodeId)
    for (const subscriber of subscribers) schedule(subscriber)
  }

  function changed(nodeId: string): void {
    for (const subscriber of subscribers) {
      subscriber.changed.add(nodeId)
      schedule(subscriber)
    }
  }

  function schedule(subscriber: Subscriber): void {
    subscriber.timer ??= setTimeout(() => flush(subscriber), FRAME)
  }

  function flush(subscriber: Subscriber): void {
    clearTimeout(subscriber.timer)
    subscriber.timer = undefined
    if (subscriber.busy) return
    if (subscriber.changed.size === 0 && subscriber.total === total) return
    const { id, send, changed } = subscriber
    const ids = [...changed]
    changed.clear()
    subscriber.busy = true
    subscriber.total = total
    send({
      type: 'nodes',
      id,
      nodes: ids.flatMap((nodeId) => nodes.get(nodeId) ?? []),
      gone: ids.filter((nodeId) => !nodes.has(nodeId)),
      total,
    })
  }
}
