// More than one write for each reader and event can carry: twice what raw takes on one core.
import { paced } from './paced.mjs'

export const SERVERS = ['raw', 'embedded', 'redis', 'nchan', 'better-sse']

export function measure(scale) {
  return paced(scale, SERVERS, 200)
}
