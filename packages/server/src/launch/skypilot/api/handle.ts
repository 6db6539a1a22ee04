import { DEFAULT_PORT } from '../vllm-task.js'

/** Finds a launch again. */
export interface Handle {
  /** The request's id. Null where it is not known (yet) whether SkyPilot has taken the launch. */
  readonly request: string | null
  /** When it was asked for, in milliseconds since 1970. */
  readonly at: number
  /** Where the server listens on the cluster, if a port was named. */
  readonly port?: number | undefined
  /** True where it is a replica of a service. */
  readonly isServe?: boolean
  /** Why it was not launched, and never will be. */
  readonly refused?: string
}

/** A handle as it was stored, perhaps by another version. */
export function handleOf(stored: unknown): Handle & { readonly port: number } {
  const { request, at, port, isServe, refused } = (stored ?? {}) as Partial<Handle>
  return {
    request: typeof request === 'string' ? request : null,
    at: typeof at === 'number' ? at : Date.now(),
    port: typeof port === 'number' ? port : DEFAULT_PORT,
    ...(isServe === true && { isServe }),
    ...(typeof refused === 'string' && { refused }),
  }
}
