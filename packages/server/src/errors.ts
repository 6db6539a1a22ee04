/**
 * An error that the caller can act on. Its message is sent as it is, so it must not reveal anything
 * internal. The `cause` is only logged.
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

/** The storage did not answer, or refused for a reason that the caller cannot change. */
export class StorageUnavailable extends Error {
  constructor(cause: unknown) {
    super('storage unavailable', { cause })
  }
}

/** The storage is full, and nothing of the request was stored. */
export class StorageFull extends Error {
  constructor(cause: unknown) {
    super('storage full', { cause })
  }
}

/** Says in one sentence why the server cannot start. */
export class StartError extends Error {}

/** This server accepts no more streams. Another one does, or this one after its restart. */
export function stopping(): HttpError {
  return new HttpError(503, 'the server is stopping', { headers: { 'Retry-After': '1' } })
}

/** The `Idempotency-Key` was used before with a different body. */
export function keyReused(): HttpError {
  return new HttpError(422, "'Idempotency-Key' was used before with another request")
}

/** The first request of this `Idempotency-Key` has not been answered yet. */
export function stillAtWork(): HttpError {
  const headers = { 'Retry-After': '1' }
  return new HttpError(409, 'a request with this Idempotency-Key is still in progress', { headers })
}

export function nodeNotFound(): HttpError {
  return new HttpError(404, 'node not found')
}

export function groupNotFound(): HttpError {
  return new HttpError(404, 'group not found')
}

export function webhookNotFound(): HttpError {
  return new HttpError(404, 'webhook not found')
}

export function deliveryNotFound(): HttpError {
  return new HttpError(404, 'delivery not found')
}

export function tokenNotFound(): HttpError {
  return new HttpError(404, 'token not found')
}

/** The refusal of an id that nothing at this path can have. */
export function notFoundAt(path: string): HttpError {
  if (path.startsWith('/admin/groups/')) return groupNotFound()
  if (path.startsWith('/admin/tokens/')) return tokenNotFound()
  if (!path.startsWith('/admin/webhooks/')) return nodeNotFound()
  return path.includes('/deliveries/{id}') ? deliveryNotFound() : webhookNotFound()
}
