/** Why the API server did not do what it was asked, in words a person can act on. */
export class SkyApiError extends Error {
  /** True where a retry may succeed: the server is away, overloaded, or behind something that is. */
  readonly passes: boolean
  readonly status: number | undefined
  /** The name of SkyPilot's exception, where it was one. */
  readonly type: string | undefined

  constructor(
    message: string,
    options: { passes: boolean; status?: number; type?: string; cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.passes = options.passes
    this.status = options.status
    this.type = options.type
  }
}

export const WANTS_LOGIN = 'set SKYPILOT_SERVICE_ACCOUNT_TOKEN to a token it accepts'
