import type {
  Failure,
  LogEntry,
  NodeLaunch,
  NodeRecord,
  Phase,
  WebhookEvent,
} from '@launchtail/client/protocol'
import type { TerminatedBy } from './terminated-by.js'

/** A message to a receiver. In the format `standard`, this is the body. */
export interface Message {
  readonly type: string
  /** When it happened, in RFC 3339. */
  readonly timestamp: string
  readonly data: MessageData
}

/** All fields that messages can have. Each type has some of them. */
export interface MessageData {
  /** Grows with each message about a node, so that a receiver can drop outdated ones. */
  readonly seq?: number
  /** The node at that time. */
  readonly launch?: LaunchData
  /** Of a launch by this server: what it was asked for, without secrets. */
  readonly request?: NodeLaunch['request']
  readonly from?: Phase
  readonly to?: Phase
  readonly phase?: Phase
  readonly took_ms?: number
  readonly endpoint?: string
  readonly phases?: readonly { readonly phase: Phase; readonly duration_ms: number }[]
  readonly failure?: Failure
  /** What a launch was terminated by. */
  readonly by?: TerminatedBy
  /** The node had already been active. */
  readonly after_active?: true
  readonly silent_for_ms?: number
  readonly usual_ms?: number
  readonly stalled_for_ms?: number
  readonly after_ms?: number
  /** Why a server is unhealthy, and since when. */
  readonly reason?: string
  readonly since?: string
  readonly unhealthy_for_ms?: number
  /** A day in UTC, its budget, and what was spent by then, in US dollars. */
  readonly day?: string
  readonly budget?: number
  readonly spent?: number
  readonly so_far_ms?: number
  readonly p95_ms?: number
  readonly entry?: EntryData
  readonly node_id?: string
  /** Where the entry is in its log. */
  readonly cursor?: string
  /** How many similar entries were only counted, and when the first and the last of them arrived. */
  readonly suppressed_count?: number
  readonly first_at?: string
  readonly last_at?: string
  /** Launches that failed for the same cause: at most 20 of `count`. */
  readonly launches?: readonly LaunchData[]
  readonly count?: number
  /** The newest lines of warn and above before the failure. */
  readonly lines?: readonly EntryData[]
  readonly links?: Links
  readonly rate?: number
  readonly failed?: number
  readonly of?: number
  readonly window?: string
  readonly by_cause?: Readonly<Record<string, number>>
  /** The webhook that was switched off, and why. */
  readonly webhook?: { readonly webhook_id: string; readonly url: string; readonly reason: string }
  /** In a test: the event that the data is a sample of. */
  readonly sample?: WebhookEvent
}

export type LaunchData = Omit<NodeRecord, 'phases'>

/** An entry and its index in its node's list. */
export interface EntryData extends LogEntry {
  readonly index: number
  readonly link?: string
}

export interface Links {
  readonly node: string
  /** The line that shows the cause. */
  readonly line?: string
}

/** A message in the outbox. */
export interface StoredMessage extends Message {
  /** The index of the entry that it is about. */
  readonly index?: number
}

/** A message about a launch. */
export interface LaunchMessage extends StoredMessage {
  readonly data: MessageData & { readonly launch: LaunchData }
}
