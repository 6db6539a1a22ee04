import { connectToHub } from './connect.js'
import type { ConnectionState, Credentials, FromHub, SubscribeMessage } from './messages.js'

type Payload<Type extends FromHub['type']> = Omit<Extract<FromHub, { type: Type }>, 'type' | 'id'>

export interface Listener {
  onState(state: ConnectionState): void
  /** The server refuses for good, for another reason than the token. */
  onRefused(message: string): void
  onNodes?(nodes: Payload<'nodes'>): void
  onEvents?(events: Payload<'events'>['events']): void
}

/** What a tab subscribes to. */
export type Topic =
  | { readonly type: 'fleet' }
  | { readonly type: 'log'; readonly nodeId: string; readonly lastEventId: string | undefined }

export interface Link {
  /** Subscribes until the returned function is called. */
  subscribe(topic: Topic, listener: Listener): () => void
  /** The reader looks at this tab: its logs stream first, and it reconnects now if it waits. */
  focus(): void
  /** Ends all subscriptions: a shared worker is not told that a tab is closed. */
  close(): void
}

export interface LinkOptions {
  credentials: () => Credentials
  /** The server does not accept the token. */
  onUnauthorized: () => void
}

interface Subscribed {
  readonly request: SubscribeMessage
  readonly listener: Listener
}

/** This tab's subscriptions at the hub. */
export function createLink({ credentials, onUnauthorized }: LinkOptions): Link {
  const subscriptions = new Map<number, Subscribed>()
  let nextId = 1
  const hub = connectToHub({
    onMessage: receive,
    onReplaced() {
      for (const { request } of subscriptions.values()) hub.send(request)
    },
  })
  return {
    subscribe,
    focus() {
      for (const id of subscriptions.keys()) hub.send({ type: 'focus', id })
    },
    close() {
      subscriptions.clear()
      hub.send({ type: 'close' })
    },
  }

  function subscribe(topic: Topic, listener: Listener): () => void {
    const id = nextId++
    const request = { ...topic, id, credentials: credentials() }
    subscriptions.set(id, { request, listener })
    hub.send(request)
    return () => {
      if (subscriptions.delete(id)) hub.send({ type: 'unsubscribe', id })
    }
  }

  function receive(message: FromHub): void {
    if (message.type === 'ready') return
    const { id } = message
    const listener = subscriptions.get(id)?.listener
    if (message.type === 'state') listener?.onState(message.state)
    else if (message.type === 'refused') {
      // A refusal of a subscription that has ended is about an earlier token.
      if (message.status !== 401) listener?.onRefused(message.message)
      else if (listener) onUnauthorized()
    } else {
      if (message.type === 'nodes') listener?.onNodes?.(message)
      else listener?.onEvents?.(message.events)
      hub.send({ type: 'ack', id })
    }
  }
}
