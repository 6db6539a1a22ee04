import { type NodesEvent, type NodesStreamOptions, streamNodes } from './nodes.js'
import type { Draft, LogEntry } from './protocol/entry.js'
import type { Level } from './protocol/levels.js'
import type { NewLaunch, NewNode, NodeLaunch, NodeRecord } from './protocol/node.js'
import type { Phase } from './protocol/phases.js'
import type { Stats, StatsKey } from './protocol/stats.js'
import {
  type Body,
  type Connection,
  jsonOf,
  type RequestOptions,
  request,
  requestJson,
} from './request.js'
import { type StreamEvent, type StreamOptions, streamNode } from './stream.js'

export interface ClientOptions {
  /** Where the server is, as `npm start` prints it. */
  baseUrl: string
  /** The admin token. */
  token: string
  fetch?: typeof globalThis.fetch
}

export interface HistoryOptions {
  /** How many of the newest entries, or `all`. Default 100. */
  tail?: number | 'all'
  /** Only entries later than this: RFC 3339, or a duration back from now such as `10m`. */
  since?: string
  /** That level and above, or a list of exactly these. */
  level?: Level | readonly Level[]
  /** Only entries before the one this cursor names. */
  before?: string
  /** Only entries after the one this cursor names. */
  after?: string
  signal?: AbortSignal
}

export interface History {
  node_id: string
  count: number
  logs: LogEntry[]
  /** Stream on from here as `lastEventId`, without gap or overlap. */
  cursor: string
  /** The node had a log that is not kept any more. */
  expired: boolean
}

export interface SendOptions {
  /** With the same key, the same entries are stored once within 24 hours. */
  idempotencyKey?: string
  signal?: AbortSignal
}

export interface OutputOptions extends SendOptions {
  /** A UUID that names the output; with `offset` it may be sent again from anywhere. */
  source?: string
  /** Where in the output this part begins, in bytes. */
  offset?: number
}

export interface Sent {
  accepted: number
  cursor: string
}

export interface NodesOptions {
  phase?: Phase
  provider?: string
  /** A part of the id, name, cluster name, model, GPU or region. */
  q?: string
  /** 1 to 1000. Default 100. */
  limit?: number
  /** The `cursor` of the page before. */
  cursor?: string
  signal?: AbortSignal
}

export interface StatsOptions {
  /** Only launches that ended later than this: RFC 3339, or a duration back from now such as `7d`. */
  since?: string
  /** What to group by. */
  by?: readonly StatsKey[]
  /** How many of the last launches to give one by one: 0 to 200. Default 50. */
  last?: number
  signal?: AbortSignal
}

export type ExportFormat = 'json' | 'ndjson' | 'csv' | 'text'

/** Every operation of the server. Refusals are thrown as ApiError, no answer as ConnectionError. */
export interface Client {
  /** A node's events, live; see `streamNode`. */
  stream(nodeId: string, options?: StreamOptions): AsyncGenerator<StreamEvent, void, undefined>
  getNodeLogs(nodeId: string, options?: HistoryOptions): Promise<History>
  /** The log as a file, to be read as it comes. */
  exportNodeLogs(
    nodeId: string,
    options?: HistoryOptions & { format?: ExportFormat; raw?: boolean },
  ): Promise<Response>
  appendNodeLogs(
    nodeId: string,
    entries: Draft | readonly Draft[],
    options?: SendOptions,
  ): Promise<Sent>
  /** Sends raw output in: phases, levels and progress are read out of it. */
  sendOutput(nodeId: string, output: Body, options?: OutputOptions): Promise<Sent>
  /** How much of a source's output has arrived, in bytes. */
  getNodeLogOffset(
    nodeId: string,
    source: string,
    options?: { signal?: AbortSignal },
  ): Promise<number>
  launchNode(
    launch: NewLaunch,
    options?: SendOptions,
  ): Promise<{ node_id: string; cluster_name: string; status: 'launching' }>
  createNode(node?: NewNode, options?: { signal?: AbortSignal }): Promise<NodeRecord>
  listNodes(
    options?: NodesOptions,
  ): Promise<{ nodes: NodeRecord[]; count: number; cursor?: string }>
  /** The records of all nodes, live; see `streamNodes`. */
  streamNodes(options?: NodesStreamOptions): AsyncGenerator<NodesEvent, void, undefined>
  /** What launches that are over have come to: how many, how long, why not. */
  getStats(options?: StatsOptions): Promise<Stats>
  getNode(nodeId: string, options?: { signal?: AbortSignal }): Promise<NodeRecord>
  /** What the node was launched with, less its secrets. */
  getNodeLaunch(nodeId: string, options?: { signal?: AbortSignal }): Promise<NodeLaunch>
  terminateNode(nodeId: string, options?: { signal?: AbortSignal }): Promise<NodeRecord>
  deleteNode(nodeId: string, options?: { signal?: AbortSignal }): Promise<void>
}

export function createClient({ baseUrl, token, fetch }: ClientOptions): Client {
  const connection: Connection = {
    baseUrl,
    token,
    // Called as a method of anything else, a browser's `fetch` throws.
    fetch: fetch ?? ((...args) => globalThis.fetch(...args)),
  }
  const json = <T>(path: string, options?: RequestOptions) =>
    requestJson<T>(connection, path, options)
  return {
    stream: (nodeId, options) => streamNode(connection, nodeId, options),

    async getNodeLogs(nodeId, { signal, ...filters } = {}) {
      const path = `${pathOf(nodeId)}/logs`
      const response = await request(connection, path, { query: queryOf(filters), signal })
      const answer = await jsonOf<Omit<History, 'cursor' | 'expired'>>(connection, response, signal)
      return {
        ...answer,
        cursor: response.headers.get('log-cursor') ?? '',
        expired: response.headers.get('log-expired') === 'true',
      }
    },

    exportNodeLogs: (nodeId, { signal, format, raw, ...filters } = {}) =>
      request(connection, `${pathOf(nodeId)}/logs/export`, {
        query: { ...queryOf(filters), format, raw },
        signal,
      }),

    appendNodeLogs: (nodeId, entries, { idempotencyKey, signal } = {}) =>
      json(`${pathOf(nodeId)}/logs`, {
        ...posted(entries),
        headers: { ...JSON_TYPE, 'Idempotency-Key': idempotencyKey },
        signal,
      }),

    sendOutput: (nodeId, output, { idempotencyKey, source, offset, signal } = {}) =>
      json(`${pathOf(nodeId)}/logs`, {
        method: 'POST',
        body: output,
        headers: {
          'Content-Type': 'text/plain',
          'Idempotency-Key': idempotencyKey,
          'Log-Source': source,
          'Log-Offset': offset === undefined ? undefined : String(offset),
        },
        signal,
      }),

    async getNodeLogOffset(nodeId, source, { signal } = {}) {
      const headers = { 'Log-Source': source }
      const path = `${pathOf(nodeId)}/logs`
      const response = await request(connection, path, { method: 'HEAD', headers, signal })
      return Number(response.headers.get('log-offset'))
    },

    launchNode: (launch, { idempotencyKey, signal } = {}) =>
      json('/admin/nodes/launch', {
        ...posted(launch),
        headers: { ...JSON_TYPE, 'Idempotency-Key': idempotencyKey },
        signal,
      }),

    createNode: (node = {}, { signal } = {}) => json('/admin/nodes', { ...posted(node), signal }),

    listNodes: ({ signal, ...query } = {}) => json('/admin/nodes', { query, signal }),

    streamNodes: (options) => streamNodes(connection, options),

    getStats: ({ signal, by, ...query } = {}) =>
      json('/admin/stats', { query: { ...query, by: by?.join(',') }, signal }),

    getNode: (nodeId, { signal } = {}) => json(pathOf(nodeId), { signal }),

    getNodeLaunch: (nodeId, { signal } = {}) => json(`${pathOf(nodeId)}/launch`, { signal }),

    terminateNode: (nodeId, { signal } = {}) =>
      json(`${pathOf(nodeId)}/terminate`, { method: 'POST', signal }),

    async deleteNode(nodeId, { signal } = {}) {
      await request(connection, pathOf(nodeId), { method: 'DELETE', signal })
    },
  }
}

const JSON_TYPE = { 'Content-Type': 'application/json' }

function posted(body: unknown): RequestOptions {
  return { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) }
}

function pathOf(nodeId: string): string {
  return `/admin/nodes/${encodeURIComponent(nodeId)}`
}

function queryOf({ level, ...filters }: Omit<HistoryOptions, 'signal'>) {
  return { ...filters, level: typeof level === 'object' ? level.join(',') : level }
}
