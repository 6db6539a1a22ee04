import type { LaunchRequest, NodeLaunch } from '@launchtail/client/protocol'

/** Whoever launches nodes, as the API sees it. */
export interface Launches {
  /**
   * Returns when the launch is sure to be carried out, whatever ends this process. With `once`, a
   * request of the same key gets the first one's answer; another digest under that key is refused.
   */
  launch(request: LaunchRequest, once?: Once): Promise<Launched>
  /** What the node's newest launch was asked for with. Throws 404 where that is not known. */
  asked(nodeId: string): Promise<NodeLaunch>
  /** Returns when it is sure to be; the log tells when it is done. */
  terminate(nodeId: string): Promise<void>
  /** Whether this process is running a launch, or what it launched. */
  running(nodeId: string): boolean
  /** Removes what is left of a node's launches. Throws 409 where one is not over. */
  forget(nodeId: string): Promise<void>
}

export interface Launched {
  readonly node_id: string
  readonly cluster_name: string
  /** This is the answer to an earlier request of the same key. */
  readonly replayed?: true
}

/** A request that must take effect once. */
export interface Once {
  readonly key: string
  /** Of the request's body, so that a key used for another one is noticed. */
  readonly digest: string
}
