import type { IncomingMessage } from 'node:http'
import { type BlockList, isIP } from 'node:net'

/**
 * Returns a function that tells which address a request comes from: the socket's, unless that is a
 * trusted proxy. Such a proxy appends the address it was asked by to `X-Forwarded-For`, so the last
 * one that is not a trusted proxy's counts. Whatever stands before it is the caller's own claim.
 */
export function createClientAddress(trusted: BlockList) {
  /** Addresses that were looked up: Node makes an object of its own for each look, at each request. */
  const known = new Map<string, boolean>()
  return clientAddress

  function clientAddress({ socket, headers }: IncomingMessage): string {
    let address = socket.remoteAddress ?? ''
    if (!isTrusted(address)) return address
    const hops = String(headers['x-forwarded-for'] ?? '').split(',')
    while (hops.length > 0 && isTrusted(address)) {
      const next = withoutPort(hops.pop()?.trim() ?? '')
      if (isIP(next) === 0) break
      address = next
    }
    return address
  }

  function isTrusted(address: string): boolean {
    const before = known.get(address)
    if (before !== undefined) return before
    const version = isIP(address)
    const decision = version !== 0 && trusted.check(address, version === 6 ? 'ipv6' : 'ipv4')
    if (known.size >= KNOWN) known.clear()
    known.set(address, decision)
    return decision
  }
}

const KNOWN = 1000

/** Some proxies add the port: `192.0.2.1:80` and `[2001:db8::1]:80`. */
function withoutPort(hop: string): string {
  const [, v6, v4] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(hop) ?? []
  return v6 ?? v4 ?? hop
}

/** An IPv4 address, or the /64 of an IPv6 one, since one customer usually has all of that. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address
  const groups = groupsOf(address)
  const isMapped = groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff'
  if (!isMapped) return `${groups.slice(0, 4).join(':')}::/64`
  const bytes = groups.slice(6).flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
  return bytes.join('.')
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): string[] {
  const [bare = ''] = address.split('%', 1)
  const normal = new URL(`http://[${bare}]`).hostname.slice(1, -1)
  const [before = [], after = []] = normal
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array<string>(8 - before.length - after.length).fill('0')
  return [...before, ...zeros, ...after]
}
