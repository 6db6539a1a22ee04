import dns from 'node:dns/promises'
import { isIP } from 'node:net'
import { type AddressRules, mayConnect } from './address-rules.js'
import { forbiddenAddress, type Target, withoutDot } from './read-target.js'

/** Resolves a name to all of its addresses. */
export type Lookup = (host: string) => Promise<readonly string[]>

export const systemLookup: Lookup = async (host) =>
  (await dns.lookup(host, { all: true })).map(({ address }) => address)

/**
 * The addresses of a target. Throws ForbiddenTarget if one of them is forbidden. The caller must connect to
 * one of these and not resolve the name again, because it may resolve to something else a moment later.
 */
export async function resolveTarget(
  { host }: Target,
  rules: AddressRules,
  lookup: Lookup,
): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host]
  const addresses = await lookup(host)
  if (addresses.length === 0) throw new Error(`${host} has no address`)
  if (rules.allowed.names.has(withoutDot(host))) return addresses
  const forbidden = addresses.find((address) => !mayConnect(address, rules))
  if (forbidden !== undefined) throw forbiddenAddress(forbidden)
  return addresses
}
