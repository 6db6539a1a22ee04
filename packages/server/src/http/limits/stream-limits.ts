import type { IncomingMessage, ServerResponse } from 'node:http'
import { onceClosed } from '../../async/once-closed.js'
import { HttpError } from '../../errors.js'
import type { Principal } from '../../rights/principal.js'
import { networkOf } from '../client-address.js'

/** How many streams may be open at a time. */
export interface StreamLimits {
  /** Takes a place until the answer is over. Throws 429 where none is free. */
  take(asked: StreamAsked, response: ServerResponse): void
  /** False where `take` would throw. */
  hasRoom(asked: StreamAsked): boolean
}

export interface StreamAsked {
  readonly principal: Pick<Principal, 'id'> | undefined
  readonly request: IncomingMessage
}

export interface StreamLimitsOptions {
  /** The most streams of one token, of one address, and of all. 0 is any number. */
  readonly perToken: number
  readonly perAddress: number
  readonly inAll: number
  readonly clientAddress: (request: IncomingMessage) => string
  /** Called with the name of the limit for each refusal. */
  readonly onLimited: (limit: string) => void
}

/** One of the limits: how many of the same key are open. */
interface Places {
  readonly limit: string
  readonly most: number
  readonly who: string
  readonly keyOf: (asked: StreamAsked) => string
  readonly open: Map<string, number>
}

/** Streams end by and by, and a reader who waits longer than this would be late. */
const AGAIN_AFTER = 2

export function createStreamLimits(options: StreamLimitsOptions): StreamLimits {
  const { perToken, perAddress, inAll, clientAddress, onLimited } = options
  const places = [
    placesOf('streams_per_token', perToken, 'this token', ({ principal }) => principal?.id ?? ''),
    placesOf('streams_per_address', perAddress, 'this address', ({ request }) =>
      networkOf(clientAddress(request)),
    ),
    placesOf('streams', inAll, 'this server', () => ''),
  ].filter(({ most }) => most > 0)
  return { take, hasRoom: (asked) => fullFor(asked) === undefined }

  function take(asked: StreamAsked, response: ServerResponse): void {
    const full = fullFor(asked)
    if (full) {
      onLimited(full.limit)
      throw new HttpError(
        429,
        `${full.who} has as many streams open as it may (${full.most}): close some, or try again later`,
        {
          headers: { 'Retry-After': String(AGAIN_AFTER) },
        },
      )
    }
    const taken = places.map((one) => [one.open, one.keyOf(asked)] as const)
    for (const [open, key] of taken) open.set(key, (open.get(key) ?? 0) + 1)
    onceClosed(response, () => {
      for (const [open, key] of taken) {
        const left = (open.get(key) ?? 0) - 1
        if (left > 0) open.set(key, left)
        else open.delete(key)
      }
    })
  }

  function fullFor(asked: StreamAsked): Places | undefined {
    return places.find(({ open, keyOf, most }) => (open.get(keyOf(asked)) ?? 0) >= most)
  }
}

function placesOf(limit: string, most: number, who: string, keyOf: Places['keyOf']): Places {
  return { limit, most, who, keyOf, open: new Map() }
}
