// A launch that talks at its usual rate, and a thousand who watch it.
import { TITLES } from '../servers.mjs'
import { comparedAt, paced } from './paced.mjs'

export const SERVERS = Object.keys(TITLES)
const RATE = 20

export const compared = comparedAt(RATE)

export function measure(scale) {
  return paced(scale, SERVERS, RATE)
}
