// A launch that talks at its usual rate, and a thousand who watch it.
import { TITLES } from '../servers.mjs'
import { paced } from './paced.mjs'

export const SERVERS = Object.keys(TITLES)

export function measure(scale) {
  return paced(scale, SERVERS, 20)
}
