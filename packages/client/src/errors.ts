/** The server refused the request. The message is the server's own. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  /** Milliseconds after which to try again, if the server said so. */
  readonly retryAfter: number | undefined

  constructor(status: number, message: string, retryAfter?: number) {
    super(message)
    this.status = status
    this.retryAfter = retryAfter
  }

  /** True if the same request may succeed later. */
  get isPassing(): boolean {
    const { status } = this
    // A browser accepts a head that was cut in the middle of its status.
    const isCut = status > 0 && status < 100
    return status === 429 || status >= 500 || status === 408 || isCut
  }
}

/** No server could be reached, or the connection broke. The `cause` says why. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
}

/** There was no event for as long as the caller wanted to wait. */
export class StreamTimeoutError extends Error {
  override readonly name = 'StreamTimeoutError'
}

/** Makes an ApiError from a refusal, whatever its body is. */
export async function refusalOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '')
  return new ApiError(response.status, wordsOf(response, text), retryAfterOf(response))
}

function wordsOf({ status, statusText, headers, type }: Response, text: string): string {
  // A browser tells a page nothing else about a redirect.
  if (type === 'opaqueredirect') return 'redirected elsewhere'
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } }
    if (typeof error?.message === 'string') return error.message
  } catch {
    // Not an answer of our server, but perhaps the page of a proxy. Only its status is of use.
  }
  const to = headers.get('location')
  return `${status} ${statusText}${to ? `: it is at ${to}` : ''}`.trim()
}

function retryAfterOf(response: Response): number | undefined {
  const text = response.headers.get('retry-after')
  if (!text) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return ms >= 0 ? ms : undefined
}
