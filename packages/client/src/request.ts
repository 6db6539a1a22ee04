import { ConnectionError } from './errors.js'

/** What every request needs: where the server is, who asks, and how. */
export interface Connection {
  /** The server's address. A path in it is kept, for a server behind a proxy. */
  readonly baseUrl: string
  readonly token: string
  readonly fetch: typeof globalThis.fetch
}

/** What a request may carry; in Node also what is read piece by piece. */
export type Body = NonNullable<RequestInit['body']> | AsyncIterable<Uint8Array>

export interface RequestOptions {
  readonly method: string
  /** Those that are undefined are not sent. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Body | undefined
  readonly signal: AbortSignal | undefined
}

/**
 * Every answer must be current, so a browser must not use its cache. A redirect is not followed:
 * the token would go to another host.
 */
export const FETCHED = { cache: 'no-store', redirect: 'manual' } as const

/** Sends a request. A refusal is an answer too; no answer at all is a ConnectionError. */
export async function request(
  { baseUrl, token, fetch }: Connection,
  address: string,
  { method, headers, body, signal }: RequestOptions,
): Promise<Response> {
  const url = baseUrl.replace(/\/+$/, '') + address
  const sent: Record<string, string> = { 'X-Admin-Token': token }
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) sent[name] = value
  // The error of `fetch` would contain the token.
  if (/[^ -~]/.test(token)) throw new TypeError('the token has a character that no token can have')
  // A malformed address or token is the caller's mistake, not a server that cannot be reached.
  if (!new Request(url, { headers: sent }).url.startsWith('http')) {
    throw new TypeError(`not an http address: ${baseUrl}`)
  }
  try {
    return await fetch(url, {
      ...FETCHED,
      method,
      headers: sent,
      // `fetch` demands `duplex` for a body that is still being written.
      ...(body !== undefined && { body: body as string, duplex: 'half' }),
      ...(signal && { signal }),
    })
  } catch (cause) {
    signal?.throwIfAborted()
    throw new ConnectionError(`no answer from ${baseUrl}`, { cause })
  }
}
