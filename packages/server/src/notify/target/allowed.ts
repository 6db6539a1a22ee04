import { BlockList, isIP } from 'node:net'

/** Addresses, networks and names that webhooks may reach in addition to global addresses. */
export interface Allowed {
  readonly networks: BlockList
  readonly names: ReadonlySet<string>
}

const NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_-]{1,63})*$/

/** Parses a comma-separated list. Throws an error that completes a sentence. */
export function allowedOf(text: string): Allowed {
  const networks = new BlockList()
  const names = new Set<string>()
  for (const part of text.split(',')) {
    const item = part.trim().toLowerCase()
    if (item === '' || add(networks, item)) continue
    if (!NAME.test(item)) {
      throw new Error(
        `must be addresses, networks or host names such as 10.0.0.0/8 or hooks.internal, separated by commas, not "${item}"`,
      )
    }
    names.add(item)
  }
  return { networks, names }
}

function add(networks: BlockList, item: string): boolean {
  const [address = '', bits, ...more] = item.split('/')
  const version = isIP(address)
  if (version === 0 || more.length > 0 || address.includes('%')) return false
  const family = version === 6 ? 'ipv6' : 'ipv4'
  const most = version === 6 ? 128 : 32
  if (bits === undefined) networks.addAddress(address, family)
  else if (/^\d{1,3}$/.test(bits) && Number(bits) <= most) {
    networks.addSubnet(address, Number(bits), family)
  } else return false
  return true
}
