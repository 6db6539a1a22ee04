/** The server refused: `status` and its own words as the message. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  /** Milliseconds after which it may be tried again, where the server said so. */
  readonly retryAfter: number | undefined

  constructor(status: number, message: string, retryAfter?: number) {
    super(message)
    this.status = status
    this.retryAfter = retryAfter
  }

  /** Whether the same request may succeed later. */
  get isPassing(): boolean {
    const { status } = this
    // A browser takes a head that was cut within its status for a whole one.
    const isCut = status > 0 && status < 100
    return status === 429 || status >= 500 || status === 408 || isCut
  }
}

/** No server could be reached, or the connection broke. The `cause` says what happened. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
}

/** Nothing but heartbeats came for as long as the caller wanted to wait. */
export class StreamTimeoutError extends Error {
  override readonly name = 'StreamTimeoutError'
}

/** Makes an ApiError of a refusal, whatever its body is. */
export async function refusalOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '')
  return new ApiError(response.status, wordsOf(response, text), retryAfterOf(response))
}

function wordsOf({ status, statusText, headers, type }: Response, text: string): string {
  // A page is not told more.
  if (type === 'opaqueredirect') return 'redirected elsewhere'
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } }
    if (typeof error?.message === 'string') return error.message
  } catch {
    // Not ours: a proxy's page, say. Its status is all that is worth telling.
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
