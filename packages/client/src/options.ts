import type { Answer, QueryOf } from './call.js'
import type { TurnOptions } from './export-turn.js'
import type { LogEntry } from './protocol/entry.js'

export interface CallOptions {
  signal?: AbortSignal | undefined
}

export interface HistoryOptions extends QueryOf<'getNodeLogs'>, CallOptions {}

interface ResumeOptions {
  /** Resumes a broken export after these bytes of it. They must be the same now, or it is a 412. */
  resume?: { offset: number; digest: string } | undefined
}

/** `fetch` compresses on the way by itself, and the end of a compressed file could not be checked. */
export interface ExportOptions
  extends Omit<QueryOf<'exportNodeLogs'>, 'gzip'>,
    CallOptions,
    ResumeOptions {}

export interface ExportAllOptions
  extends Omit<QueryOf<'exportLogs'>, 'gzip'>,
    CallOptions,
    ResumeOptions,
    Pick<TurnOptions, 'onWait'> {}

export interface NodesOptions extends QueryOf<'listNodes'>, CallOptions {}

export interface DeliveriesOptions extends QueryOf<'listDeliveries'>, CallOptions {}

export interface AuditOptions extends QueryOf<'listAudit'>, CallOptions {}

export interface SearchOptions extends QueryOf<'searchLogs'>, CallOptions {}

export interface CountOptions extends QueryOf<'countLogs'>, CallOptions {}

export interface StatsOptions extends QueryOf<'getStats'>, CallOptions {}

export interface SendOptions extends CallOptions {
  /** With the same key, the same entries are stored once within 24 hours. */
  idempotencyKey?: string | undefined
}

export interface OutputOptions extends SendOptions {
  /** A UUID that names the output. With `offset`, any part of it may be sent again. */
  source?: string | undefined
  /** Where in the output this part begins, in bytes. */
  offset?: number | undefined
}

export interface NodeLogs extends Answer<'getNodeLogs'> {
  logs: LogEntry[]
  /** The first entry looked at; pass it as `before` for the page before. Empty if there was none. */
  first: string
  /**
   * The last entry looked at; pass it as `after` for the page after. Except on a page with `after`,
   * stream from here as `lastEventId`, without a gap or an overlap.
   */
  cursor: string
  /** True if the node had a log that is no longer kept. */
  expired: boolean
}

export interface Found extends Answer<'searchLogs'> {
  /**
   * Pass it to `streamLogs`, with the same `q`, `level` and `node`, for what comes after the search. Not
   * with `phase`, on older pages, or with more than 500 launches under way.
   */
  lastEventId?: string
}
export type Counted = Answer<'countLogs'>
export type Sent = Answer<'appendNodeLogs'>
export type Launched = Answer<'launchNode'>
export type NodesPage = Answer<'listNodes'>
