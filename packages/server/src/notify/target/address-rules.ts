import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { isLoopback } from '../../loopback.js'
import type { Allowed } from './allowed.js'

export interface AddressRules {
  readonly allowed: Allowed
  /** Programs on this machine may be called: the server itself serves this machine alone. */
  readonly allowLoopback: boolean
}

/** True if a message may go to this address, which must be one and no name. */
export function mayConnect(address: string, { allowed, allowLoopback }: AddressRules): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (isIP(address) === 0) return false
  if (allowed.networks.check(address, family)) return true
  if (allowLoopback && isLoopback(address)) return true
  return isGlobal(address)
}

/**
 * True for an address that is one machine's and can be reached from everywhere. Those that only stand for
 * another one (IPv4 within IPv6, tunnels, translations) are not, whatever they stand for.
 */
function isGlobal(address: string): boolean {
  if (address.includes('%') || !ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  // Of all the rest of IPv6, only this part has been given to anybody.
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_V6)
}

const GLOBAL_V6 = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number]
