import type { IncomingMessage } from 'node:http'
import { HttpError } from '../errors.js'
import { networkOf } from './client-address.js'

/** An address may send this many wrong tokens within the window. */
const LIMIT = 10
const WINDOW = 60_000
/** So many addresses are remembered. Each takes about 300 bytes. */
const MAX_ADDRESSES = 10_000

/** Slows down the guessing of tokens. */
export interface Guesses {
  /** Throws 429 if the request's address has sent too many wrong tokens. */
  check(request: IncomingMessage): void
  /** Counts a wrong token. */
  count(request: IncomingMessage): void
}

export interface GuessesOptions {
  clientAddress: (request: IncomingMessage) => string
  now?: () => number
}

/**
 * Locks an address out after ten wrong tokens within a minute. Until the minute is over, the right
 * token gets 429 too: otherwise the answer would tell which guess was right. Loopback is no
 * exception, because a proxy on this machine connects from there.
 */
export function createGuesses({
  clientAddress,
  now = () => performance.now(),
}: GuessesOptions): Guesses {
  /** When each address sent its last wrong tokens. The one that sent none for longest comes first. */
  const wrong = new Map<string, number[]>()
  return { check, count }

  function check(request: IncomingMessage): void {
    if (wrong.size === 0) return
    const times = wrong.get(addressOf(request)) ?? []
    const [first = 0] = times
    const wait = first + WINDOW - now()
    if (times.length < LIMIT || wait <= 0) return
    throw new HttpError(429, 'too many wrong admin tokens from this address, try again later', {
      headers: { 'Retry-After': String(Math.ceil(wait / 1000)) },
    })
  }

  function count(request: IncomingMessage): void {
    forgetOld()
    const address = addressOf(request)
    const times = wrong.get(address) ?? []
    wrong.delete(address)
    wrong.set(address, [...times, now()].slice(-LIMIT))
  }

  function forgetOld(): void {
    for (const [address, times] of wrong) {
      const last = times.at(-1) ?? 0
      if (wrong.size < MAX_ADDRESSES && now() - last < WINDOW) return
      wrong.delete(address)
    }
  }

  function addressOf(request: IncomingMessage): string {
    return networkOf(clientAddress(request))
  }
}
