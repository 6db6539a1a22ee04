import type { LaunchRequest, LaunchState } from '@launchtail/client/protocol'
import type { LaunchLine, LaunchWord } from '../ingest/launch-line.js'

/** A launch as its launcher sees it. */
export interface Launch {
  readonly nodeId: string
  readonly clusterName: string
  /** As it was asked for; `secrets` are there as long as the launch is running. */
  readonly request: LaunchRequest
  /** A folder of the launch's own, there already, only for the server's account to read. */
  readonly folder: string
}

/** What a launch gives while it runs. */
export type LaunchNews =
  /**
   * The lines of its output that came in one read, in the order of the output and always the same
   * when they are read again.
   */
  | { readonly type: 'lines'; readonly lines: readonly LaunchLine[] }
  /** The launcher's own word, where no line tells it: a probe that succeeded, say. */
  | { readonly type: 'word'; readonly draft: LaunchWord }

/** Why a launch is over. A node that is `active` is watched on until it ends too. */
export interface Outcome {
  readonly message: string
  readonly details?: string
}

/**
 * A way of launching nodes. It keeps nothing in memory that it needs to find again what it started:
 * that is the handle, JSON, stored before `attach` is called.
 */
export interface Launcher {
  readonly name: string
  /** Whether launches for this provider are its own. */
  serves(provider: string): boolean
  /** Throws an HttpError for a request that cannot be launched. Nothing is stored yet. */
  check(request: LaunchRequest): Promise<void>
  /**
   * Starts it and returns its handle. May be called again for a launch of which it is not known
   * whether it was started (the server died in between): then it finds that one. The signal aborts
   * when the server is closed.
   */
  start(launch: Launch, signal?: AbortSignal): Promise<unknown>
  /**
   * Follows a launch until it is over, from its first line on: after a restart of the server too,
   * when `state` tells how far it had come. Ends with the outcome, or early when the signal says so.
   */
  attach(
    launch: Launch,
    handle: unknown,
    options: { state: LaunchState; signal: AbortSignal },
  ): AsyncGenerator<LaunchNews, Outcome | undefined>
  /**
   * Ends what was started, completely. Returns when it is gone. Idempotent; where the signal, which
   * aborts when the server is closed, cuts it short, it is called again at the next start.
   */
  cancel(launch: Launch, handle: unknown, signal?: AbortSignal): Promise<void>
}
