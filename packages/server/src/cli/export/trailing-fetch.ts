import { once } from 'node:events'
import { request as http, type IncomingMessage } from 'node:http'
import { request as https } from 'node:https'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** The trailers of the last answer; empty until it has been read to its end. */
export interface TrailingFetch {
  readonly fetch: typeof globalThis.fetch
  trailers(): Readonly<Record<string, string | undefined>>
}

/** A `fetch` that also tells the trailers of an answer, as Node's own does not. */
export function createTrailingFetch(): TrailingFetch {
  let last: IncomingMessage | undefined
  return { fetch, trailers: () => last?.trailers ?? {} }

  async function fetch(
    address: string | URL | Request,
    { method = 'GET', headers, signal }: RequestInit = {},
  ): Promise<Response> {
    const url = String(address)
    const send = url.startsWith('https:') ? https : http
    const request = send(url, {
      method,
      headers: { ...(headers as Record<string, string>), 'Accept-Encoding': 'gzip' },
      agent: false,
      ...(signal && { signal }),
    })
    request.end()
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    last = answer
    return new Response(Readable.toWeb(decoded(answer)) as ReadableStream, {
      status: answer.statusCode ?? 0,
      statusText: answer.statusMessage ?? '',
      headers: headersOf(answer),
    })
  }
}

/** What was compressed and has arrived is given before the error of a broken connection. */
function decoded(answer: IncomingMessage): Readable {
  if (answer.headers['content-encoding'] !== 'gzip') return answer
  return pipeline(answer, createGunzip(), () => {
    // Whoever reads it sees the error there.
  })
}

function headersOf({ headers }: IncomingMessage): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  )
}
