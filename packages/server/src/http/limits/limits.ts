import type { IncomingMessage } from 'node:http'
import { createRateLimit, type RateLimit } from './rate-limit.js'
import { createStreamLimits, type StreamLimits } from './stream-limits.js'

/** What tokens and addresses may use of the server. */
export interface Limits {
  readonly streams: StreamLimits
  readonly requests: RateLimit
  readonly entries: RateLimit
  readonly searches: RateLimit
}

/** 0 is any number. */
export interface LimitSettings {
  readonly maxStreamsPerToken: number
  readonly maxStreamsPerAddress: number
  readonly maxStreams: number
  readonly requestsPerSecond: number
  readonly entriesPerSecond: number
  readonly searchesPerSecond: number
}

export interface LimitsOptions {
  config: LimitSettings
  clientAddress: (request: IncomingMessage) => string
  /** Called with the name of the limit for each refusal. */
  onLimited: (limit: string) => void
}

export function createLimits({ config, clientAddress, onLimited }: LimitsOptions): Limits {
  const rate = (limit: string, perSecond: number) =>
    createRateLimit({ limit, perSecond, onLimited })
  return {
    streams: createStreamLimits({
      perToken: config.maxStreamsPerToken,
      perAddress: config.maxStreamsPerAddress,
      inAll: config.maxStreams,
      clientAddress,
      onLimited,
    }),
    requests: rate('requests', config.requestsPerSecond),
    entries: rate('entries', config.entriesPerSecond),
    searches: rate('searches', config.searchesPerSecond),
  }
}
