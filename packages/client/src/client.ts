import { call, jsonOf } from './call.js'
import { exportLogs, exportNodeLogs } from './exports.js'
import { type GroupCalls, groupCalls } from './groups.js'
import { type LaunchCalls, launchCalls } from './launches.js'
import { type LogsEvent, type LogsOptions, streamLogs } from './logs.js'
import { type NodesEvent, type NodesStreamOptions, streamNodes } from './nodes.js'
import type {
  CallOptions,
  Counted,
  CountOptions,
  ExportAllOptions,
  ExportOptions,
  Found,
  HistoryOptions,
  NodeLogs,
  NodesOptions,
  NodesPage,
  OutputOptions,
  SearchOptions,
  SendOptions,
  Sent,
  StatsOptions,
} from './options.js'
import type { Draft } from './protocol/entry.js'
import type { Keep, NamedCause, NewNode, NodeRecord } from './protocol/node.js'
import type { Beat, NodeStatusChange } from './protocol/node-status.js'
import type { QueryExplanation } from './protocol/query-explanation.js'
import type { SkyPilotState } from './protocol/skypilot.js'
import type { Stats } from './protocol/stats.js'
import type { Body, Connection } from './request.js'
import { searchLogs } from './search.js'
import { type StreamEvent, type StreamOptions, streamNode } from './stream.js'
import { type StreamTicketCalls, streamTickets } from './stream-tickets.js'
import { type TokenCalls, tokenCalls } from './tokens.js'
import { type WebhookOperations, webhookOperations } from './webhooks.js'

export interface ClientOptions {
  /** Where the server is, as `npm start` prints it. */
  baseUrl: string
  /** The admin token. */
  token: string
  fetch?: typeof globalThis.fetch
}

/** Every operation of the server. A refusal throws ApiError, a missing answer ConnectionError. */
export interface Client
  extends LaunchCalls,
    GroupCalls,
    WebhookOperations,
    StreamTicketCalls,
    TokenCalls {
  /** A node's events, live; see `streamNode`. */
  stream(nodeId: string, options?: StreamOptions): AsyncGenerator<StreamEvent, void, undefined>
  getNodeLogs(nodeId: string, options?: HistoryOptions): Promise<NodeLogs>
  /** The log as a file, to be read as it arrives. */
  exportNodeLogs(nodeId: string, options?: ExportOptions): Promise<Response>
  appendNodeLogs(
    nodeId: string,
    entries: Draft | readonly Draft[],
    options?: SendOptions,
  ): Promise<Sent>
  /** Sends raw output, from which the server reads phases, levels and progress. */
  sendOutput(nodeId: string, output: Body, options?: OutputOptions): Promise<Sent>
  /** How much of a source's output has arrived, in bytes. */
  getNodeLogOffset(nodeId: string, source: string, options?: CallOptions): Promise<number>
  createNode(node?: NewNode, options?: CallOptions): Promise<NodeRecord>
  listNodes(options?: NodesOptions): Promise<NodesPage>
  /** The records of all nodes, live; see `streamNodes`. */
  streamNodes(options?: NodesStreamOptions): AsyncGenerator<NodesEvent, void, undefined>
  /** Entries of all nodes, newest first, also of logs that have expired; see docs/search.md. */
  searchLogs(options?: SearchOptions): Promise<Found>
  /** The logs of many nodes, live, on one connection; see `streamLogs`. */
  streamLogs(options?: LogsOptions): AsyncGenerator<LogsEvent, void, undefined>
  /** How many entries a search would find, by time and level. */
  countLogs(options?: CountOptions): Promise<Counted>
  /** The same entries as a file, oldest first, to be read as it arrives: reading a broken one throws. */
  exportLogs(options?: ExportAllOptions): Promise<Response>
  /** Statistics of the launches that have ended: how many, how long they took, why they failed. */
  getStats(options?: StatsOptions): Promise<Stats>
  /** How a query is understood. Throws ApiError with the column of what is wrong. */
  explainQuery(query?: string, options?: CallOptions): Promise<QueryExplanation>
  /** How SkyPilot is reached, and what can be launched through it. It may take a minute. */
  getSkyPilot(options?: CallOptions): Promise<SkyPilotState>
  getNode(nodeId: string, options?: CallOptions): Promise<NodeRecord>
  /** Names the line that made the newest launch fail, in place of what the server has read. */
  nameCause(nodeId: string, cause: NamedCause, options?: CallOptions): Promise<NodeRecord>
  /** Goes back to the cause that the server has read. */
  takeBackCause(nodeId: string, options?: CallOptions): Promise<NodeRecord>
  /** Ends or activates a launch that another program makes. */
  setNodeStatus(
    nodeId: string,
    change: NodeStatusChange,
    options?: CallOptions,
  ): Promise<NodeRecord>
  /** Says that a launch which another program makes goes on; see `lost_after`. */
  beatNode(nodeId: string, beat?: Beat, options?: CallOptions): Promise<void>
  /** Keeps the cluster of a failed launch up for so long from now on; see `keep_on_failure`. */
  keepNode(nodeId: string, keep: Keep, options?: CallOptions): Promise<NodeRecord>
  terminateNode(nodeId: string, options?: CallOptions): Promise<NodeRecord>
  deleteNode(nodeId: string, options?: CallOptions): Promise<void>
}

export function createClient({ baseUrl, token, fetch }: ClientOptions): Client {
  const connection: Connection = {
    baseUrl,
    token,
    // A browser's `fetch` throws when it is called as a method of another object.
    fetch: fetch ?? ((...args) => globalThis.fetch(...args)),
  }
  const json = jsonOf(connection)
  return {
    stream: (id, options) => streamNode(connection, id, options),

    async getNodeLogs(id, { signal, ...query } = {}) {
      const reply = await call(connection, 'getNodeLogs', { id, query, signal })
      return {
        ...(await reply.json()),
        first: reply.header('Log-First') ?? '',
        cursor: reply.header('Log-Cursor') ?? '',
        expired: reply.header('Log-Expired') === 'true',
      }
    },

    exportNodeLogs: (id, options) => exportNodeLogs(connection, id, options),

    appendNodeLogs: (id, body, { idempotencyKey, signal } = {}) =>
      json('appendNodeLogs', { id, body, headers: { 'Idempotency-Key': idempotencyKey }, signal }),

    sendOutput: (id, data, { signal, ...options } = {}) =>
      json('appendNodeLogs', {
        id,
        upload: { type: 'text/plain', data },
        headers: headersOf(options),
        signal,
      }),

    async getNodeLogOffset(id, source, { signal } = {}) {
      const headers = { 'Log-Source': source }
      const reply = await call(connection, 'getNodeLogOffset', { id, headers, signal })
      return Number(reply.header('Log-Offset'))
    },

    createNode: (body = {}, { signal } = {}) => json('createNode', { body, signal }),

    listNodes: ({ signal, ...query } = {}) => json('listNodes', { query, signal }),

    streamNodes: (options) => streamNodes(connection, options),

    getSkyPilot: ({ signal } = {}) => json('getSkyPilot', { signal }),

    searchLogs: (options) => searchLogs(connection, options),

    streamLogs: (options) => streamLogs(connection, options),

    countLogs: ({ signal, ...query } = {}) => json('countLogs', { query, signal }),

    exportLogs: (options) => exportLogs(connection, options),

    explainQuery: (q, { signal } = {}) => json('explainQuery', { query: { q }, signal }),

    getStats: ({ signal, ...query } = {}) => json('getStats', { query, signal }),

    getNode: (id, { signal } = {}) => json('getNode', { id, signal }),

    nameCause: (id, body, { signal } = {}) => json('nameCause', { id, body, signal }),
    takeBackCause: (id, { signal } = {}) => json('takeBackCause', { id, signal }),

    setNodeStatus: (id, body, { signal } = {}) => json('setNodeStatus', { id, body, signal }),

    async beatNode(id, body = {}, { signal } = {}) {
      await call(connection, 'beatNode', { id, body, signal })
    },

    keepNode: (id, body, { signal } = {}) => json('keepNode', { id, body, signal }),
    terminateNode: (id, { signal } = {}) => json('terminateNode', { id, signal }),

    async deleteNode(id, { signal } = {}) {
      await call(connection, 'deleteNode', { id, signal })
    },

    ...launchCalls(connection),
    ...groupCalls(connection),
    ...webhookOperations(connection),
    ...streamTickets(connection),
    ...tokenCalls(connection),
  }
}

function headersOf({ idempotencyKey, source, offset }: OutputOptions) {
  return {
    'Idempotency-Key': idempotencyKey,
    'Log-Source': source,
    'Log-Offset': offset === undefined ? undefined : String(offset),
  }
}
