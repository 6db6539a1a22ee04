import { ApiError, type Client, type StreamState } from '@launchtail/client'
import { connectionStateOf } from './connection-state.js'
import { createFleetSubscriber, type FleetSubscriber } from './fleet-subscriber.js'
import type { ConnectionState, FromHub, Subscription } from './messages.js'
import { createNodeTable } from './node-table.js'

export interface Fleet {
  subscribe(id: number, send: (message: FromHub) => void): Subscription
}

/** All nodes, by one connection for all tabs. `onEnd` is called when it is of no further use. */
export function watchFleet(client: Client, onEnd: () => void): Fleet {
  const subscribers = new Set<FleetSubscriber>()
  const table = createNodeTable({
    onChange(nodeId) {
      for (const { changed } of subscribers) changed(nodeId)
    },
    onTotal() {
      for (const { schedule } of subscribers) schedule()
    },
  })
  /** Ended to reconnect now, and when the last subscriber leaves. */
  let attempt = new AbortController()
  let stopped = false
  let state: ConnectionState = { state: 'connecting' }
  let refusal: { status: number; message: string } | undefined
  void run()
  return { subscribe }

  function subscribe(id: number, send: (message: FromHub) => void): Subscription {
    if (refusal) send({ type: 'refused', id, ...refusal })
    else send({ type: 'state', id, state })
    const subscriber = createFleetSubscriber({ id, send, table })
    subscribers.add(subscriber)
    return {
      ack: subscriber.ack,
      focus() {
        if (state.state === 'waiting') attempt.abort()
      },
      stop() {
        subscriber.stop()
        subscribers.delete(subscriber)
        if (subscribers.size > 0) return
        stopped = true
        attempt.abort()
        onEnd()
      },
    }
  }

  async function run(): Promise<void> {
    try {
      while (!stopped) {
        attempt = new AbortController()
        await read(attempt.signal)
      }
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0
      refusal = { status, message: (error as Error).message }
      for (const { id, send } of subscribers) send({ type: 'refused', id, ...refusal })
      // The next subscriber makes a new attempt.
      onEnd()
    }
  }

  async function read(signal: AbortSignal): Promise<void> {
    try {
      for await (const event of client.streamNodes({ signal, onState })) {
        if (event.event === 'node') table.put(event.data)
        else if (event.event === 'deleted') table.remove(event.data.node_id)
        else table.ready(event.data.total)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  function onState(streamState: StreamState): void {
    if (streamState.state === 'connecting') table.restart()
    state = connectionStateOf(streamState)
    for (const { id, send } of subscribers) send({ type: 'state', id, state })
  }
}
