import { z } from 'zod'
import { draftSchema, entrySchema } from './entry.js'
import { STREAM_EVENTS } from './events.js'
import { FLEET_EVENTS } from './fleet.js'
import {
  launchedSchema,
  launchSchema,
  newNodeSchema,
  nodeLaunchSchema,
  nodeSchema,
} from './node.js'
import { exportQuery, historyQuery, nodesQuery, statsQuery, streamQuery } from './parameters.js'
import { statsSchema } from './stats.js'

/** One operation of the API: what it is called with and what it answers. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'HEAD'
  /** With `{id}` where the node's id stands. */
  readonly path: string
  readonly summary: string
  readonly query?: z.ZodObject
  /** The JSON body's schema. */
  readonly body?: z.ZodType
  /** Content types that are read beside or in place of JSON. */
  readonly accepts?: readonly string[]
  /** Request headers that have a meaning here, with a line on each. */
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
  readonly answer?: z.ZodType
  /** The content types of the answer, where it is not JSON alone. */
  readonly produces?: readonly string[]
  readonly answerHeaders?: Readonly<Record<string, string>>
  /** The statuses of the refusals that are particular to it. */
  readonly refusals?: readonly number[]
}

const idempotency = {
  'Idempotency-Key':
    'The same key with the same body within 24 hours gives the first answer again and does nothing.',
}

/** Every operation under `/admin`. Validation, the OpenAPI document and the clients read this. */
export const operations = {
  streamNodeLogs: {
    method: 'GET',
    path: '/admin/nodes/{id}/logs/stream',
    summary: 'Stream a node’s launch log',
    query: streamQuery,
    headers: { 'Last-Event-ID': 'Resume after this event.' },
    status: 200,
    answer: z.object(STREAM_EVENTS).partial(),
    produces: ['text/event-stream', 'application/x-ndjson', 'text/plain'],
    refusals: [204, 404, 406],
  },
  getNodeLogs: {
    method: 'GET',
    path: '/admin/nodes/{id}/logs',
    summary: 'Get a node’s launch log',
    query: historyQuery,
    status: 200,
    answer: z.object({ node_id: z.string(), count: z.number().int(), logs: z.array(entrySchema) }),
    answerHeaders: {
      'Log-Cursor': 'Open the stream with this as `Last-Event-ID` to go on without gap or overlap.',
      'Log-Expired': '`true` where the node is known and its log is no longer kept.',
    },
    refusals: [404, 410],
  },
  getNodeLogOffset: {
    method: 'HEAD',
    path: '/admin/nodes/{id}/logs',
    summary: 'Ask how much of a source’s raw output has arrived',
    headers: { 'Log-Source': 'The UUID the output was sent in under.' },
    status: 200,
    answerHeaders: { 'Log-Offset': 'The offset in bytes at which to go on.' },
    refusals: [404],
  },
  appendNodeLogs: {
    method: 'POST',
    path: '/admin/nodes/{id}/logs',
    summary: 'Send log entries or raw output in',
    body: z.union([draftSchema, z.array(draftSchema)]),
    accepts: ['application/x-ndjson', 'text/plain'],
    headers: {
      ...idempotency,
      'Log-Source': '`text/plain` only: a UUID that names the output which is sent.',
      'Log-Offset': '`text/plain` only: where in that output this body begins, in bytes.',
    },
    status: 202,
    answer: z.object({
      accepted: z.number().int().describe('How many entries were taken.'),
      cursor: z.string().describe('The cursor of the last of them.'),
    }),
    answerHeaders: { 'Idempotent-Replayed': '`true` where this is the first answer again.' },
    refusals: [404, 409, 413, 415, 422, 507],
  },
  exportNodeLogs: {
    method: 'GET',
    path: '/admin/nodes/{id}/logs/export',
    summary: 'Download a node’s log as a file',
    query: exportQuery,
    status: 200,
    produces: ['application/json', 'application/x-ndjson', 'text/csv', 'text/plain'],
    refusals: [404, 410],
  },
  launchNode: {
    method: 'POST',
    path: '/admin/nodes/launch',
    summary: 'Launch a node',
    body: launchSchema,
    headers: idempotency,
    status: 202,
    answer: launchedSchema,
    answerHeaders: {
      Location: 'The node.',
      'Idempotent-Replayed': '`true` for the first answer again.',
    },
    refusals: [409, 413, 415, 422],
  },
  createNode: {
    method: 'POST',
    path: '/admin/nodes',
    summary: 'Register a node that something else launches',
    body: newNodeSchema,
    status: 201,
    answer: nodeSchema,
    answerHeaders: { Location: 'The node.' },
    refusals: [409, 413, 415],
  },
  listNodes: {
    method: 'GET',
    path: '/admin/nodes',
    summary: 'List nodes, newest first',
    query: nodesQuery,
    status: 200,
    answer: z.object({
      nodes: z.array(nodeSchema),
      count: z.number().int(),
      cursor: z.string().optional().describe('Where the next page begins; left out on the last.'),
    }),
  },
  streamNodes: {
    method: 'GET',
    path: '/admin/nodes/stream',
    summary: 'Stream the records of all nodes',
    status: 200,
    answer: z.object(FLEET_EVENTS).partial(),
    produces: ['text/event-stream'],
    refusals: [406],
  },
  getStats: {
    method: 'GET',
    path: '/admin/stats',
    summary: 'Get what launches that are over have come to',
    query: statsQuery,
    status: 200,
    answer: statsSchema,
  },
  getNode: {
    method: 'GET',
    path: '/admin/nodes/{id}',
    summary: 'Get a node',
    status: 200,
    answer: nodeSchema,
    refusals: [404],
  },
  getNodeLaunch: {
    method: 'GET',
    path: '/admin/nodes/{id}/launch',
    summary: 'Get what a node was launched with',
    status: 200,
    answer: nodeLaunchSchema,
    refusals: [404],
  },
  terminateNode: {
    method: 'POST',
    path: '/admin/nodes/{id}/terminate',
    summary: 'Cancel a node’s launch, or take the node down',
    status: 202,
    answer: nodeSchema,
    refusals: [404, 409],
  },
  deleteNode: {
    method: 'DELETE',
    path: '/admin/nodes/{id}',
    summary: 'Forget a node and its log',
    status: 204,
    refusals: [404, 409],
  },
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof operations

/** What every refusal looks like. */
export const errorSchema = z
  .object({ error: z.object({ message: z.string() }) })
  .meta({ id: 'Error', description: 'Every refusal has exactly this shape.' })
