import type { NodeRecord, StreamEvent } from '@launchtail/client'

/** Who asks, and where the server is. */
export interface Credentials {
  readonly baseUrl: string
  readonly token: string
}

/** A node as it came. */
export interface SeenNode extends NodeRecord {
  /** When it may be active, in ms since 1970 by this machine's clock, where that is known. */
  readonly due?: number
}

/** How a subscription is connected, as the reader is told. */
export type LinkState =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** Asked for once a second: too many logs are being watched in this browser. */
  | { readonly state: 'rounds' }
  /** The launch is over, and so is its log. */
  | { readonly state: 'over' }
  /** Tries again at `at`, in ms since 1970 by this machine's clock. */
  | { readonly state: 'waiting'; readonly at: number; readonly because: string }

/** From a tab to the hub. `id` is the subscription's, chosen by the tab. */
export type ToHub =
  | { readonly type: 'fleet'; readonly id: number; readonly from: Credentials }
  | {
      readonly type: 'log'
      readonly id: number
      readonly from: Credentials
      readonly nodeId: string
      readonly lastEventId: string | undefined
    }
  /** The reader looks at this one now. */
  | { readonly type: 'seen'; readonly id: number }
  /** What was sent is taken in; more may come. */
  | { readonly type: 'taken'; readonly id: number }
  | { readonly type: 'stop'; readonly id: number }

/** From the hub to a tab. */
export type FromHub =
  /** The first message: the hub is there. */
  | { readonly type: 'ready' }
  | { readonly type: 'state'; readonly id: number; readonly state: LinkState }
  | { readonly type: 'events'; readonly id: number; readonly events: readonly StreamEvent[] }
  | {
      readonly type: 'nodes'
      readonly id: number
      /** Those that are new or have changed. */
      readonly nodes: readonly SeenNode[]
      readonly gone: readonly string[]
      /** How many there are in all, once all that are told of have been sent. */
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
  /** The tab has taken in what it was sent. */
  taken(): void
  /** The reader looks at it now. */
  seen(): void
  stop(): void
}
