// More than one write for each reader and event can carry: twice what raw takes on one core.
import { comparedAt, paced } from './paced.mjs'

export const SERVERS = ['raw', 'embedded', 'redis', 'nchan', 'better-sse']
const RATE = 200

export const compared = comparedAt(RATE)

export function measure(scale) {
  return paced(scale, SERVERS, RATE)
}
