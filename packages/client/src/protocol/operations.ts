import * as z from 'zod'
import { appendedSchema, draftsSchema, nodeLogsSchema } from './entry.js'
import { STREAM_EVENTS } from './events.js'
import { FLEET_EVENTS } from './fleet.js'
import {
  groupsSchema,
  groupUpdateSchema,
  launchedGroupSchema,
  newGroupSchema,
  wholeGroupSchema,
} from './group.js'
import { MERGED_EVENTS } from './merged.js'
import {
  keepSchema,
  launchedSchema,
  launchSchema,
  namedCauseSchema,
  newNodeSchema,
  nodeLaunchSchema,
  nodeSchema,
  nodesSchema,
} from './node.js'
import { nodeLaunchesSchema } from './node-launches.js'
import { beatSchema, nodeStatusSchema } from './node-status.js'
import type { Operation } from './operation.js'
import { launchPlanSchema } from './plan.js'
import {
  countQuery,
  deliveriesQuery,
  explainQuery,
  exportAllQuery,
  exportQuery,
  groupStreamQuery,
  groupsQuery,
  historyQuery,
  mergedQuery,
  nodesQuery,
  searchQuery,
  statsQuery,
  streamQuery,
} from './queries.js'
import { queryExplanationSchema } from './query-explanation.js'
import { relaunchSchema } from './relaunch.js'
import { type OperationName, ROUTES } from './routes.js'
import { answers } from './schemas.js'
import { countedSchema, foundSchema } from './search.js'
import { skypilotSchema } from './skypilot.js'
import { statsSchema } from './stats.js'
import {
  newTicketSchema,
  revokedSchema,
  revokedTicketsSchema,
  ticketSchema,
} from './stream-tickets.js'
import {
  deliveriesSchema,
  deliverySchema,
  newWebhookSchema,
  redeliveredSchema,
  redeliverySchema,
  webhookChangeSchema,
  webhookSchema,
  webhooksSchema,
  webhookTestSchema,
  webhookWithSecretSchema,
} from './webhook.js'

const idempotency = {
  'Idempotency-Key':
    'The same key with the same body within 24 hours returns the first answer and has no other effect.',
}

const resuming = {
  'Log-Offset': 'Resume a broken export after so many of its bytes, not counting compression.',
  'Log-Digest': 'The SHA-256 of these bytes in hex. If they would be others now, it is a 412.',
}

const exported = {
  'Log-Warning': 'A sentence, if the file is known to be more than a spreadsheet shows.',
  'Log-Offset': 'Where a resumed export goes on, in bytes.',
  'Query-Hint': 'A sentence about a part of `q` that may have been meant otherwise.',
  Trailer:
    '`Log-Count, Log-Digest`: after the last byte come the number of entries and the SHA-256.',
}

/** Every operation under `/admin`: the source of validation, of the OpenAPI document and of clients. */
export const operations = {
  streamNodeLogs: {
    ...ROUTES.streamNodeLogs,
    summary: 'Stream a node’s launch log',
    query: streamQuery,
    finds: true,
    headers: { 'Last-Event-ID': 'Resume after this event.' },
    status: 200,
    answer: z.object(STREAM_EVENTS).partial(),
    produces: ['text/event-stream', 'application/x-ndjson', 'text/plain'],
    refusals: [204, 404, 406],
  },
  getNodeLogs: {
    ...ROUTES.getNodeLogs,
    summary: 'Get a node’s launch log',
    query: historyQuery,
    finds: true,
    status: 200,
    answer: nodeLogsSchema,
    answerHeaders: {
      'Log-First': 'The first entry that was looked at. The page before this one ends `before` it.',
      'Log-Cursor':
        'The last entry that was looked at. The page after this one begins `after` it. Except with `after`, open the stream with it as `Last-Event-ID` to continue without a gap or an overlap.',
      'Query-Hint': 'A sentence about a part of `q` that may have been meant otherwise.',
      'Log-Expired':
        '`true` if the live log is no longer kept. What there is comes from the archive.',
    },
    refusals: [404, 410],
  },
  getNodeLogOffset: {
    ...ROUTES.getNodeLogOffset,
    summary: 'Get how much of a source’s raw output has arrived',
    headers: {
      'Log-Source': 'The UUID that the output was sent with.',
      'Idempotency-Key': 'The key that it was sent with, where it has no `Log-Source`.',
    },
    status: 200,
    answerHeaders: { 'Log-Offset': 'The offset in bytes at which to continue.' },
    refusals: [404],
  },
  appendNodeLogs: {
    ...ROUTES.appendNodeLogs,
    summary: 'Send log entries or raw output',
    body: draftsSchema,
    accepts: ['application/x-ndjson', 'text/plain'],
    headers: {
      ...idempotency,
      'Log-Source': '`text/plain` only: a UUID that names the output.',
      'Log-Offset':
        '`text/plain` only: the position in that output at which this body begins, in bytes.',
    },
    status: 202,
    answer: appendedSchema,
    answerHeaders: { 'Idempotent-Replayed': '`true` if this is the first answer again.' },
    refusals: [404, 409, 413, 415, 422, 507],
  },
  exportNodeLogs: {
    ...ROUTES.exportNodeLogs,
    summary: 'Download a node’s log as a file',
    query: exportQuery,
    finds: true,
    headers: resuming,
    status: 200,
    produces: ['application/json', 'application/x-ndjson', 'text/csv', 'text/plain'],
    answerHeaders: {
      'Log-Cursor': 'The last entry that was looked at.',
      'Log-Expired':
        '`true` if the live log is no longer kept. What there is comes from the archive.',
      ...exported,
    },
    refusals: [404, 410, 412],
  },
  launchNode: {
    ...ROUTES.launchNode,
    summary: 'Launch a node',
    body: launchSchema,
    headers: idempotency,
    status: 202,
    answer: launchedSchema,
    answerHeaders: {
      Location: 'The address of the node.',
      'Idempotent-Replayed': '`true` if this is the first answer again.',
    },
    refusals: [402, 409, 413, 415, 422],
  },
  planLaunch: {
    ...ROUTES.planLaunch,
    summary: 'Get what a launch would do, without launching anything',
    body: launchSchema,
    status: 200,
    answer: launchPlanSchema,
    refusals: [413, 415],
  },
  createNode: {
    ...ROUTES.createNode,
    summary: 'Register a node that another program launches',
    body: newNodeSchema,
    status: 201,
    answer: nodeSchema,
    answerHeaders: { Location: 'The address of the node.' },
    refusals: [409, 413, 415],
  },
  listNodes: {
    ...ROUTES.listNodes,
    summary: 'List nodes, newest first',
    query: nodesQuery,
    finds: true,
    status: 200,
    answer: nodesSchema,
  },
  streamNodes: {
    ...ROUTES.streamNodes,
    summary: 'Stream the records of all nodes',
    status: 200,
    answer: z.object(FLEET_EVENTS).partial(),
    produces: ['text/event-stream'],
    refusals: [406],
  },
  getSkyPilot: {
    ...ROUTES.getSkyPilot,
    summary: 'Get how SkyPilot is reached, and what can be launched through it',
    status: 200,
    answer: skypilotSchema,
  },
  searchLogs: {
    ...ROUTES.searchLogs,
    summary: 'Search the logs of all nodes',
    query: searchQuery,
    finds: true,
    status: 200,
    answer: foundSchema,
    answerHeaders: {
      'Log-Cursor':
        'Where the stream of many nodes goes on behind this search: its `Last-Event-ID`, with the same `q`, `level` and `node`. Not with `phase`, nor on older pages.',
      'Query-Hint': 'A sentence about a part of `q` that may have been meant otherwise.',
    },
    refusals: [410],
  },
  streamLogs: {
    ...ROUTES.streamLogs,
    summary: 'Stream the logs of many nodes',
    query: mergedQuery,
    finds: true,
    headers: { 'Last-Event-ID': 'Resume after this event.' },
    status: 200,
    answer: z.object(MERGED_EVENTS).partial(),
    produces: ['text/event-stream'],
    refusals: [204, 404, 406],
  },
  countLogs: {
    ...ROUTES.countLogs,
    summary: 'Count entries of all nodes by time and level',
    query: countQuery,
    finds: true,
    status: 200,
    answer: countedSchema,
    answerHeaders: {
      'Query-Hint': 'A sentence about a part of `q` that may have been meant otherwise.',
    },
  },
  exportLogs: {
    ...ROUTES.exportLogs,
    summary: 'Download the logs of all nodes as a file',
    query: exportAllQuery,
    finds: true,
    headers: resuming,
    status: 200,
    produces: ['application/x-ndjson', 'application/json', 'text/csv', 'text/plain'],
    answerHeaders: {
      'Log-Cursor':
        'The last entry that there was when the export began. Later, pass it as `cursor` for what has come since.',
      'Log-Complete':
        '`false` if there may be more, because the disk is full and the archive takes no more.',
      ...exported,
    },
    refusals: [410, 412, 429],
  },
  explainQuery: {
    ...ROUTES.explainQuery,
    summary: 'Get how a query is understood, and what a query can have',
    query: explainQuery,
    finds: true,
    status: 200,
    answer: queryExplanationSchema,
  },
  getStats: {
    ...ROUTES.getStats,
    summary: 'Get statistics of the launches that have ended',
    query: statsQuery,
    finds: true,
    status: 200,
    answer: statsSchema,
  },
  getNode: {
    ...ROUTES.getNode,
    summary: 'Get a node',
    status: 200,
    answer: nodeSchema,
    refusals: [404],
  },
  listNodeLaunches: {
    ...ROUTES.listNodeLaunches,
    summary: 'List a node’s launches, newest first',
    status: 200,
    answer: nodeLaunchesSchema,
    refusals: [404],
  },
  getNodeLaunch: {
    ...ROUTES.getNodeLaunch,
    summary: 'Get what a node was launched with',
    status: 200,
    answer: nodeLaunchSchema,
    refusals: [404],
  },
  relaunchNode: {
    ...ROUTES.relaunchNode,
    summary: 'Launch again what a node was launched with, as a new node',
    body: relaunchSchema,
    headers: idempotency,
    status: 202,
    answer: launchedSchema,
    answerHeaders: {
      Location: 'The address of the new node.',
      'Idempotent-Replayed': '`true` if this is the first answer again.',
    },
    refusals: [402, 404, 409, 413, 415, 422],
  },
  nameCause: {
    ...ROUTES.nameCause,
    summary: 'Name the line that made a launch fail',
    body: namedCauseSchema,
    status: 200,
    answer: nodeSchema,
    refusals: [404, 409, 413, 415],
  },
  takeBackCause: {
    ...ROUTES.takeBackCause,
    summary: 'Go back to the cause that the server read',
    status: 200,
    answer: nodeSchema,
    refusals: [404, 409],
  },
  setNodeStatus: {
    ...ROUTES.setNodeStatus,
    summary: 'End or activate a launch that another program makes',
    body: nodeStatusSchema,
    status: 200,
    answer: nodeSchema,
    refusals: [404, 409, 413, 415],
  },
  beatNode: {
    ...ROUTES.beatNode,
    summary: 'Say that a launch which another program makes goes on',
    body: beatSchema,
    status: 204,
    refusals: [404, 409, 413, 415],
  },
  keepNode: {
    ...ROUTES.keepNode,
    summary: 'Keep the cluster of a failed launch up for longer',
    body: keepSchema,
    status: 200,
    answer: nodeSchema,
    refusals: [404, 409, 413, 415],
  },
  terminateNode: {
    ...ROUTES.terminateNode,
    summary: 'Cancel a node’s launch, terminate the node, or take down what is kept of it',
    status: 202,
    answer: nodeSchema,
    refusals: [404, 409],
  },
  deleteNode: {
    ...ROUTES.deleteNode,
    summary: 'Delete a node and its log',
    status: 204,
    refusals: [404, 409],
  },
  launchGroup: {
    ...ROUTES.launchGroup,
    summary: 'Launch several nodes of the same as a group',
    body: newGroupSchema,
    headers: idempotency,
    status: 202,
    answer: launchedGroupSchema,
    answerHeaders: {
      Location: 'The address of the group.',
      'Idempotent-Replayed': '`true` if this is the first answer again.',
    },
    refusals: [402, 409, 413, 415, 422],
  },
  listGroups: {
    ...ROUTES.listGroups,
    summary: 'List groups, newest first',
    query: groupsQuery,
    status: 200,
    answer: groupsSchema,
  },
  getGroup: {
    ...ROUTES.getGroup,
    summary: 'Get a group and its nodes',
    status: 200,
    answer: wholeGroupSchema,
    refusals: [404],
  },
  streamGroup: {
    ...ROUTES.streamGroup,
    summary: 'Stream the logs of a group',
    query: groupStreamQuery,
    finds: true,
    headers: { 'Last-Event-ID': 'Resume after this event.' },
    status: 200,
    answer: z.object(MERGED_EVENTS).partial(),
    produces: ['text/event-stream'],
    refusals: [204, 404, 406],
  },
  updateGroup: {
    ...ROUTES.updateGroup,
    summary: 'Replace a group’s nodes, one after the other',
    body: groupUpdateSchema,
    headers: idempotency,
    status: 202,
    answer: wholeGroupSchema,
    answerHeaders: { 'Idempotent-Replayed': '`true` if this was asked for before.' },
    refusals: [402, 404, 409, 413, 415, 422],
  },
  terminateGroup: {
    ...ROUTES.terminateGroup,
    summary: 'Terminate all nodes of a group',
    status: 202,
    answer: wholeGroupSchema,
    refusals: [404],
  },
  deleteGroup: {
    ...ROUTES.deleteGroup,
    summary: 'Delete a group, its nodes and their logs',
    status: 204,
    refusals: [404, 409],
  },
  listWebhooks: {
    ...ROUTES.listWebhooks,
    summary: 'List webhooks',
    status: 200,
    answer: webhooksSchema,
  },
  createWebhook: {
    ...ROUTES.createWebhook,
    summary: 'Create a webhook',
    body: newWebhookSchema,
    status: 201,
    answer: webhookWithSecretSchema,
    answerHeaders: { Location: 'The address of the webhook.' },
    refusals: [409, 413, 415],
  },
  getWebhook: {
    ...ROUTES.getWebhook,
    summary: 'Get a webhook',
    status: 200,
    answer: webhookSchema,
    refusals: [404],
  },
  changeWebhook: {
    ...ROUTES.changeWebhook,
    summary: 'Change a webhook',
    body: webhookChangeSchema,
    status: 200,
    answer: webhookSchema,
    refusals: [404, 413, 415],
  },
  deleteWebhook: {
    ...ROUTES.deleteWebhook,
    summary: 'Delete a webhook and its deliveries',
    status: 204,
    refusals: [404],
  },
  testWebhook: {
    ...ROUTES.testWebhook,
    summary: 'Send a sample to a webhook now',
    body: webhookTestSchema,
    status: 200,
    answer: deliverySchema,
    refusals: [404, 413, 415],
  },
  rotateWebhook: {
    ...ROUTES.rotateWebhook,
    summary: 'Give a webhook a new secret; for a day, the old one signs too',
    status: 200,
    answer: webhookWithSecretSchema,
    refusals: [404, 409],
  },
  listDeliveries: {
    ...ROUTES.listDeliveries,
    summary: 'List a webhook’s deliveries, newest first',
    query: deliveriesQuery,
    status: 200,
    answer: deliveriesSchema,
    refusals: [404],
  },
  redeliverSince: {
    ...ROUTES.redeliverSince,
    summary: 'Send a webhook’s messages of a time again',
    body: redeliverySchema,
    status: 202,
    answer: redeliveredSchema,
    refusals: [404, 409, 413, 415],
  },
  redeliver: {
    ...ROUTES.redeliver,
    summary: 'Send a message again, under the same id',
    status: 202,
    answer: deliverySchema,
    refusals: [404, 409],
  },
  createStreamTicket: {
    ...ROUTES.createStreamTicket,
    summary: 'Let a page of another origin read a node’s stream without the token',
    body: newTicketSchema,
    status: 201,
    answer: ticketSchema,
    refusals: [403, 404, 413, 415, 429],
  },
  revokeStreamTickets: {
    ...ROUTES.revokeStreamTickets,
    summary: 'Take such tickets back, and end the streams that were opened with them',
    body: revokedTicketsSchema,
    status: 200,
    answer: revokedSchema,
    refusals: [413, 415],
  },
} as const satisfies Record<OperationName, Operation>

export type Operations = typeof operations

/** The body of every refusal. */
export const errorSchema = z
  .object({ error: z.object({ message: z.string() }) })
  .describe('Every refusal has exactly this shape.')
  .register(answers, { id: 'Error' })
