/** The state of a launch in the node's record and in `done`. */
export const NODE_STATUSES = ['launching', 'active', 'failed', 'terminated'] as const
export type NodeStatus = (typeof NODE_STATUSES)[number]
