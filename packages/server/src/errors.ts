/**
 * A fault the caller can act on. The message goes out as it is, so it holds nothing of the inside;
 * the `cause` goes to the log alone.
 */
export class HttpError extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    message: string,
    options: { headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.status = status
    this.headers = options.headers ?? {}
  }
}

/** The storage did not answer, or refused for a reason that is not the caller's fault. */
export class StorageUnavailable extends Error {
  constructor(cause: unknown) {
    super('storage unavailable', { cause })
  }
}

/** The storage has no room for what was to be stored; nothing of it was. */
export class StorageFull extends Error {
  constructor(cause: unknown) {
    super('storage full', { cause })
  }
}

/** Why a server cannot start, as one sentence for who starts it. */
export class StartError extends Error {}

/** The server takes no more streams; another one, or the next, does. */
export function stopping(): HttpError {
  return new HttpError(503, 'the server is stopping', { headers: { 'Retry-After': '1' } })
}

/** An `Idempotency-Key` was used before, with another body. */
export function keyReused(): HttpError {
  return new HttpError(422, "'Idempotency-Key' was used before with another request")
}

/** The first request of this `Idempotency-Key` has not been answered yet. */
export function stillAtWork(): HttpError {
  const headers = { 'Retry-After': '1' }
  return new HttpError(409, 'a request with this Idempotency-Key is still at work', { headers })
}

export function nodeNotFound(): HttpError {
  return new HttpError(404, 'node not found')
}
