import { type Answer, jsonOf } from './call.js'
import type { CallOptions, Launched, SendOptions } from './options.js'
import type { NewPlan } from './protocol/group.js'
import type { NewLaunch, NodeLaunch } from './protocol/node.js'
import type { LaunchPlan } from './protocol/plan.js'
import type { LaunchChanges } from './protocol/relaunch.js'
import type { Connection } from './request.js'

/** Launching of nodes, and what is known of their launches. */
export interface LaunchCalls {
  launchNode(launch: NewLaunch, options?: SendOptions): Promise<Launched>
  /** What a launch would do. Nothing is launched or stored. It may take a minute. */
  planLaunch(launch: NewPlan, options?: CallOptions): Promise<LaunchPlan>
  /** The node's launches, newest first. Their numbers are those of the option `launch`. */
  listNodeLaunches(nodeId: string, options?: CallOptions): Promise<Answer<'listNodeLaunches'>>
  /** What the node was launched with, without its secrets. */
  getNodeLaunch(nodeId: string, options?: CallOptions): Promise<NodeLaunch>
  /** Launches the same again, with the changes, as a new node. `null` takes a field out. */
  relaunchNode(nodeId: string, changes?: LaunchChanges, options?: SendOptions): Promise<Launched>
}

export function launchCalls(connection: Connection): LaunchCalls {
  const json = jsonOf(connection)
  return {
    launchNode: (body, { idempotencyKey, signal } = {}) =>
      json('launchNode', { body, headers: { 'Idempotency-Key': idempotencyKey }, signal }),

    planLaunch: (body, { signal } = {}) => json('planLaunch', { body, signal }),

    listNodeLaunches: (id, { signal } = {}) => json('listNodeLaunches', { id, signal }),
    getNodeLaunch: (id, { signal } = {}) => json('getNodeLaunch', { id, signal }),

    relaunchNode: (id, body = {}, { idempotencyKey, signal } = {}) =>
      json('relaunchNode', { id, body, headers: { 'Idempotency-Key': idempotencyKey }, signal }),
  }
}
