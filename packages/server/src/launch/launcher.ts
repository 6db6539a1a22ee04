import type { LaunchRequest, LaunchState } from '@launchtail/client/protocol'
import type { LaunchLine, LaunchWord } from '../ingest/launch-line.js'
import type { Outcome as Explained } from '../nodes/ends/explain.js'
import type { Planned } from '../nodes/launches.js'

/** A launch, as its launcher needs it. */
export interface Launch {
  readonly nodeId: string
  readonly clusterName: string
  /** The request. Its `secrets` are available for as long as the launch is running. */
  readonly request: LaunchRequest
  /** A folder for this launch alone. It exists, and only the server's account can read it. */
  readonly folder: string
  /** For how many milliseconds its cluster stays up if it fails. */
  readonly keep?: number
  /** What is known here of the service that its node is a replica of. */
  readonly service?: () => Promise<ServiceOfLaunch>
}

/** A service, as the launch of one of its replicas needs it. */
export interface ServiceOfLaunch {
  /** How many replicas it is launched with. */
  readonly replicas: number
  /** Why the launch that was to bring it up has failed, if it has. */
  readonly failure: string | undefined
}

/** News of a launch that is running. */
export type LaunchNews =
  /**
   * Lines of its output that came in one read, in the order of the output. Lines that are read again
   * are the same.
   */
  | { readonly type: 'lines'; readonly lines: readonly LaunchLine[] }
  /** The launcher's own statement of what no line shows: that a probe succeeded, say. */
  | { readonly type: 'word'; readonly draft: LaunchWord }
  /** The same, stored only where no line has brought the launch to this phase yet. */
  | { readonly type: 'step'; readonly draft: LaunchWord }

/** Why a launch is over. A node that is `active` is followed until it ends, too. */
export interface Outcome extends Explained {
  /** The code of the cause, where it is known. Otherwise it is looked for in the log. */
  readonly code?: string
  /** True where its cluster may still be there. It is then taken down in the background. */
  readonly left?: boolean
  /** True where it was ended in order, and not of a failure. */
  readonly terminated?: boolean
  /** True where its cluster stays up for as long as the launch is to be kept. */
  readonly kept?: boolean
}

/**
 * A way of launching nodes. Whatever it needs to find again what it started is in the handle, which
 * is JSON and is stored before `attach` is called. It keeps nothing of this in memory alone.
 */
export interface Launcher {
  readonly name: string
  /** True if it launches nodes of this provider. */
  serves(provider: string): boolean
  /** Throws an HttpError for a request that cannot be launched. Nothing is stored yet. */
  check(request: LaunchRequest): Promise<void>
  /**
   * Says what a launch would do, and launches nothing. Throws an HttpError for a request that cannot be
   * launched. None of the `hidden` values leaves this server.
   */
  plan(request: LaunchRequest, hidden: readonly string[]): Promise<Planned>
  /**
   * Starts a launch and returns its handle. It may be called again for a launch that may have been
   * started before (the server died in between), and then finds that one. The signal aborts when the
   * server closes.
   */
  start(launch: Launch, signal?: AbortSignal): Promise<unknown>
  /**
   * Follows a launch until it is over, from its first line on, also after a restart of the server:
   * `state` tells how far it had come. Returns the outcome, or earlier if the signal aborts.
   */
  attach(
    launch: Launch,
    handle: unknown,
    options: { state: LaunchState; signal: AbortSignal },
  ): AsyncGenerator<LaunchNews, Outcome | undefined>
  /**
   * Ends everything that was started, and returns when it is gone. Idempotent: if it is cut short by
   * the signal, which aborts when the server closes, it is called again at the next start.
   */
  cancel(launch: Launch, handle: unknown, signal?: AbortSignal): Promise<void>
  /**
   * Takes down the cluster that a launch has left, and returns when it is gone. The launch is over, and
   * nothing but the name is known of it. Idempotent.
   */
  takeDown(clusterName: string, signal: AbortSignal): Promise<void>
  /** The services whose replicas it launches, with `mode: "serve"`; missing where it launches none. */
  readonly services?: LaunchedServices
  /** What clusters of these names have cost so far, where it knows that, also of those that are gone. */
  costs(clusterNames: readonly string[], signal: AbortSignal): Promise<readonly ClusterCost[]>
}

export interface LaunchedServices {
  /** A service as it is now, or a moment ago; undefined where there is none. */
  look(name: string, signal: AbortSignal): Promise<Service | undefined>
  /** Has a service ended. True once it is gone; until then call it again. */
  end(name: string, signal: AbortSignal): Promise<boolean>
}

/** A service of SkyServe. */
export interface Service {
  readonly status: string
  readonly endpoint: string | undefined
  readonly replicas: readonly Replica[]
}

export interface Replica {
  /** Its number, which is never used again. */
  readonly id: number
  readonly status: string
  /** What its launch waits for. */
  readonly detail: string | undefined
  readonly endpoint: string | undefined
}

/** What a cluster has cost. Clusters that came one after the other may have had one name. */
export interface ClusterCost {
  readonly name: string
  /** In milliseconds since 1970. */
  readonly launchedAt: number
  /** For how long it has been there. */
  readonly hours: number
  /** US dollars. */
  readonly cost: number
}
