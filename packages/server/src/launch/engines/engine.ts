import type { LaunchRequest } from '@launchtail/client/protocol'

/**
 * An engine that a launch may name. Its scripts are fixed texts: what a request says reaches them
 * through the environment and quoted, so nothing in it is ever run as code.
 */
export interface Engine {
  /** The version that is used unless a launch names another one. */
  readonly version: string
  /** Where its server says that it is ready. */
  readonly readyPath: string
  /** The GPUs are told to it, so `tensor_parallel` has a meaning. */
  readonly parallel: boolean
  /** False if it also runs without a GPU. */
  readonly needsGpu: boolean
  /** It serves a model that the launch names. */
  readonly needsModel: boolean
  /** The container image that it comes in, if it does. */
  readonly image?: (version: string, request: LaunchRequest) => string
  readonly setup?: string
  readonly run: string
  /** Options that the script sets itself, which `engine_args` must not have. */
  readonly sets?: RegExp
  /** Why it takes no `engine_args`, if it takes none. */
  readonly takesNone?: string
}
