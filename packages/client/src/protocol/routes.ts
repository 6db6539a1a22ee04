interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD'
  /** With `{id}` in place of the id of a node, a group, a webhook, a delivery or a token. */
  readonly path: string
}

/**
 * The method and path of every operation. They have a file of their own without zod, because the
 * client needs them at run time. Everything else about an operation is in `operations`.
 */
export const ROUTES = {
  streamNodeLogs: { method: 'GET', path: '/admin/nodes/{id}/logs/stream' },
  getNodeLogs: { method: 'GET', path: '/admin/nodes/{id}/logs' },
  getNodeLogOffset: { method: 'HEAD', path: '/admin/nodes/{id}/logs' },
  appendNodeLogs: { method: 'POST', path: '/admin/nodes/{id}/logs' },
  exportNodeLogs: { method: 'GET', path: '/admin/nodes/{id}/logs/export' },
  launchNode: { method: 'POST', path: '/admin/nodes/launch' },
  planLaunch: { method: 'POST', path: '/admin/nodes/plan' },
  createNode: { method: 'POST', path: '/admin/nodes' },
  listNodes: { method: 'GET', path: '/admin/nodes' },
  streamNodes: { method: 'GET', path: '/admin/nodes/stream' },
  getSkyPilot: { method: 'GET', path: '/admin/skypilot' },
  searchLogs: { method: 'GET', path: '/admin/logs' },
  exportLogs: { method: 'GET', path: '/admin/logs/export' },
  streamLogs: { method: 'GET', path: '/admin/logs/stream' },
  countLogs: { method: 'GET', path: '/admin/logs/stats' },
  explainQuery: { method: 'GET', path: '/admin/query' },
  getStats: { method: 'GET', path: '/admin/stats' },
  getNode: { method: 'GET', path: '/admin/nodes/{id}' },
  listNodeLaunches: { method: 'GET', path: '/admin/nodes/{id}/launches' },
  getNodeLaunch: { method: 'GET', path: '/admin/nodes/{id}/launch' },
  relaunchNode: { method: 'POST', path: '/admin/nodes/{id}/relaunch' },
  nameCause: { method: 'PUT', path: '/admin/nodes/{id}/failure' },
  takeBackCause: { method: 'DELETE', path: '/admin/nodes/{id}/failure' },
  setNodeStatus: { method: 'POST', path: '/admin/nodes/{id}/status' },
  beatNode: { method: 'POST', path: '/admin/nodes/{id}/beat' },
  keepNode: { method: 'POST', path: '/admin/nodes/{id}/keep' },
  terminateNode: { method: 'POST', path: '/admin/nodes/{id}/terminate' },
  deleteNode: { method: 'DELETE', path: '/admin/nodes/{id}' },
  launchGroup: { method: 'POST', path: '/admin/groups' },
  listGroups: { method: 'GET', path: '/admin/groups' },
  getGroup: { method: 'GET', path: '/admin/groups/{id}' },
  streamGroup: { method: 'GET', path: '/admin/groups/{id}/stream' },
  updateGroup: { method: 'PATCH', path: '/admin/groups/{id}' },
  terminateGroup: { method: 'POST', path: '/admin/groups/{id}/terminate' },
  deleteGroup: { method: 'DELETE', path: '/admin/groups/{id}' },
  listWebhooks: { method: 'GET', path: '/admin/webhooks' },
  createWebhook: { method: 'POST', path: '/admin/webhooks' },
  getWebhook: { method: 'GET', path: '/admin/webhooks/{id}' },
  changeWebhook: { method: 'PATCH', path: '/admin/webhooks/{id}' },
  deleteWebhook: { method: 'DELETE', path: '/admin/webhooks/{id}' },
  testWebhook: { method: 'POST', path: '/admin/webhooks/{id}/test' },
  rotateWebhook: { method: 'POST', path: '/admin/webhooks/{id}/rotate' },
  listDeliveries: { method: 'GET', path: '/admin/webhooks/{id}/deliveries' },
  redeliverSince: { method: 'POST', path: '/admin/webhooks/{id}/redeliver' },
  redeliver: { method: 'POST', path: '/admin/webhooks/deliveries/{id}/redeliver' },
  createStreamTicket: { method: 'POST', path: '/admin/stream-tickets' },
  revokeStreamTickets: { method: 'POST', path: '/admin/stream-tickets/revoke' },
  listTokens: { method: 'GET', path: '/admin/tokens' },
  createToken: { method: 'POST', path: '/admin/tokens' },
  listAudit: { method: 'GET', path: '/admin/audit' },
  revokeToken: { method: 'DELETE', path: '/admin/tokens/{id}' },
} as const satisfies Record<string, Route>

export type OperationName = keyof typeof ROUTES
