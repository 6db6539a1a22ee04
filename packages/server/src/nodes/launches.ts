import type {
  LaunchPlan,
  LaunchRequest,
  NodeLaunch,
  PlanRequest,
} from '@launchtail/client/protocol'

/** Launching of nodes, as the API needs it. */
export interface Launches {
  /**
   * Returns as soon as the launch is certain to be carried out, even if this process ends. With
   * `once`, a request with the same key gets the first one's answer, and a different request under
   * that key is refused.
   */
  launch(request: LaunchRequest, once?: Once): Promise<Launched>
  /** What a launch would do. Nothing is launched or stored. */
  plan(request: PlanRequest): Promise<Planned>
  /**
   * Launches what the node was launched with, as `change` makes it, as another node that is linked
   * to this one. Throws 404 if the request is not known. `once` as above.
   */
  relaunch(nodeId: string, change: (known: Known) => LaunchRequest, once?: Once): Promise<Launched>
  /** The request of the node's newest launch, without its secrets. Throws 404 if it is not known. */
  asked(nodeId: string): Promise<NodeLaunch>
  /** The requests of all the node's launches by this server, oldest first, and when each was made. */
  askedEach(nodeId: string): Promise<(NodeLaunch & { readonly askedAt: string })[]>
  /** True if this server has a launch of the node that is not over. */
  isRunning(nodeId: string): Promise<boolean>
  /** Returns as soon as the termination is certain to happen. The log shows when it is done. */
  terminate(nodeId: string): Promise<void>
  /** Keeps the cluster of the node's failed launch up for so many milliseconds from now on. */
  keep(nodeId: string, ms: number): Promise<void>
  /** What all launches have cost today, in UTC. */
  today(): Promise<Today>
  /**
   * Removes what is left of a node's launches, and then the `rest` of the node. Throws 409 if one of
   * them is not over. No launch of the node begins or is terminated meanwhile.
   */
  forget(nodeId: string, rest: () => Promise<void>): Promise<void>
}

/** What is spent on one day. Amounts are in US dollars. */
export interface Today {
  /** Such as `2026-11-28`. */
  readonly date: string
  readonly spent: number
  /** What an hour of all that is there costs now. */
  readonly perHour: number
  /** What will be spent until midnight by what is there, or is being launched. */
  readonly committed: number
  readonly budget: number | undefined
}

/** What a launch would do, without its history. No secret is in it. */
export type Planned = Omit<LaunchPlan, 'history'>

/** What is known of a launch's request: with its secrets while it runs, and then without them. */
export interface Known extends NodeLaunch {
  readonly request: LaunchRequest
}

export interface Launched {
  readonly node_id: string
  readonly cluster_name: string
  /** Set if this is the answer to an earlier request with the same key. */
  readonly replayed?: true
}

/** A request that must take effect once. */
export interface Once {
  readonly key: string
  /** The hash of the request's body, by which a key that is used for another request is noticed. */
  readonly digest: string
}
