import { ConnectionError, refusalOf } from './errors.js'

/** What every request needs: where the server is, who asks, and how. */
export interface Connection {
  /** The server's address; a path in it is kept, for a server behind a proxy. */
  readonly baseUrl: string
  readonly token: string
  readonly fetch: typeof globalThis.fetch
}

/** What a request may carry; on Node also what is read piece by piece. */
export type Body = NonNullable<RequestInit['body']> | AsyncIterable<Uint8Array>

export interface RequestOptions {
  method?: string
  query?: Readonly<Record<string, string | number | boolean | undefined>>
  headers?: Readonly<Record<string, string | undefined>>
  body?: Body | undefined
  signal?: AbortSignal | undefined
}

/**
 * What is read is of now: a browser must not give what it kept. And a redirection is an answer like
 * another: followed to another host, the token would go there.
 */
export const FETCHED = { cache: 'no-store', redirect: 'manual' } as const

/** Sends a request; gives the answer, or throws ApiError or ConnectionError. */
export async function request(
  connection: Connection,
  path: string,
  options?: RequestOptions,
): Promise<Response> {
  const response = await open(connection, path, options)
  if (response.ok) return response
  throw await refusalOf(response)
}

/** As `request`, but a refusal is an answer too. */
export async function open(
  { baseUrl, token, fetch }: Connection,
  path: string,
  { method = 'GET', query = {}, headers = {}, body, signal }: RequestOptions = {},
): Promise<Response> {
  const url = baseUrl.replace(/\/+$/, '') + path + queryString(query)
  const sent: Record<string, string> = { 'X-Admin-Token': token }
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) sent[name] = value
  // `fetch` would name it in its complaint.
  if (/[^ -~]/.test(token)) throw new TypeError('the token holds a character that no token has')
  // An address or a token that cannot be one is a mistake, not a server that is out of reach.
  if (!new Request(url, { headers: sent }).url.startsWith('http')) {
    throw new TypeError(`not an http address: ${baseUrl}`)
  }
  try {
    return await fetch(url, {
      ...FETCHED,
      method,
      headers: sent,
      // A body that is still being written can be sent one way only.
      ...(body !== undefined && { body: body as string, duplex: 'half' }),
      ...(signal && { signal }),
    })
  } catch (cause) {
    signal?.throwIfAborted()
    throw new ConnectionError(`no answer from ${baseUrl}`, { cause })
  }
}

export async function requestJson<T>(
  connection: Connection,
  path: string,
  options?: RequestOptions,
): Promise<T> {
  return jsonOf<T>(connection, await request(connection, path, options), options?.signal)
}

export async function jsonOf<T>(
  { baseUrl }: Connection,
  response: Response,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return (await response.json()) as T
  } catch (cause) {
    signal?.throwIfAborted()
    throw new ConnectionError(`${baseUrl} answered with something other than JSON`, { cause })
  }
}

function queryString(query: NonNullable<RequestOptions['query']>): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value))
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}
