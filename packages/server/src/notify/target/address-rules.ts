import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { isLoopback } from '../../loopback.js'
import type { Allowed } from './allowed.js'

export interface AddressRules {
  readonly allowed: Allowed
  /** Allows programs on this machine. Set if the server itself serves only this machine. */
  readonly allowLoopback: boolean
}

/** True if a message may go to this IP address. */
export function mayConnect(address: string, { allowed, allowLoopback }: AddressRules): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (isIP(address) === 0) return false
  if (allowed.networks.check(address, family)) return true
  if (allowLoopback && isLoopback(address)) return true
  return isGlobal(address)
}

/**
 * True for globally reachable unicast addresses. Addresses that embed another one (IPv4-mapped, NAT64, 6to4,
 * Teredo) are excluded, whatever they embed.
 */
function isGlobal(address: string): boolean {
  if (address.includes('%') || !ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  // No other part of IPv6 has been allocated for global unicast.
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_V6)
}

const GLOBAL_V6 = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number]
