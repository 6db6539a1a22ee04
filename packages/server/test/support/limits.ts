import { createLimits, type Limits } from '../../src/http/limits/limits.js'

/** Limits that refuse nothing. */
export const NO_LIMITS: Limits = createLimits({
  config: {
    ...{ maxStreamsPerToken: 0, maxStreamsPerAddress: 0, maxStreams: 0 },
    ...{ requestsPerSecond: 0, entriesPerSecond: 0, searchesPerSecond: 0 },
  },
  clientAddress: () => '',
  onLimited() {},
})

/** For servers that many readers of this machine read from. */
export const ANY_STREAMS = {
  LAUNCHTAIL_MAX_STREAMS_PER_TOKEN: '0',
  LAUNCHTAIL_MAX_STREAMS_PER_ADDRESS: '0',
}
