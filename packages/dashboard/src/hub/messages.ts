import type { NodeRecord, StreamEvent } from '@launchtail/client'

/** The server's address and the token to send. */
export interface Credentials {
  readonly baseUrl: string
  readonly token: string
}

/** A node's record as the fleet's stream delivers it. */
export interface FleetNode extends NodeRecord {
  /** When it is expected to be active, in ms since 1970 by this machine's clock, if known. */
  readonly due?: number
}

/** How a subscription is connected, as the reader is told. */
export type ConnectionState =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** Polled once a second, because too many logs are open in this browser. */
  | { readonly state: 'polling' }
  /** The launch is over, and so is its log. */
  | { readonly state: 'over' }
  /** Tries again at `at`, in ms since 1970 by this machine's clock. */
  | { readonly state: 'waiting'; readonly at: number; readonly because: string }

/** A tab subscribes under an `id` of its own choice. */
export type SubscribeMessage =
  | { readonly type: 'fleet'; readonly id: number; readonly credentials: Credentials }
  | {
      readonly type: 'log'
      readonly id: number
      readonly credentials: Credentials
      readonly nodeId: string
      readonly lastEventId: string | undefined
    }

/** From a tab to the hub. */
export type ToHub =
  | SubscribeMessage
  /** The reader looks at this subscription now. */
  | { readonly type: 'focus'; readonly id: number }
  /** The last message has been processed; the next one may come. */
  | { readonly type: 'ack'; readonly id: number }
  | { readonly type: 'unsubscribe'; readonly id: number }
  /** The tab goes away: ends all of its subscriptions. */
  | { readonly type: 'close' }

/** From the hub to a tab. */
export type FromHub =
  /** The first message: the hub is running. */
  | { readonly type: 'ready' }
  | { readonly type: 'state'; readonly id: number; readonly state: ConnectionState }
  | { readonly type: 'events'; readonly id: number; readonly events: readonly StreamEvent[] }
  | {
      readonly type: 'nodes'
      readonly id: number
      /** The nodes that are new or have changed. */
      readonly nodes: readonly FleetNode[]
      readonly gone: readonly string[]
      /** How many nodes exist; undefined until the first of them have all been sent. */
      readonly total: number | undefined
    }
  /** The server refuses for good: its status and words. */
  | {
      readonly type: 'refused'
      readonly id: number
      readonly status: number
      readonly message: string
    }

/** The part of a MessagePort that the hub and the tabs use. */
export interface Port {
  postMessage(message: ToHub | FromHub): void
  onmessage: ((event: MessageEvent) => void) | null
}

/** One subscription of a tab, as the hub keeps it. */
export interface Subscription {
  /** The tab has processed the last message. */
  ack(): void
  /** The reader looks at it now. */
  focus(): void
  stop(): void
}
