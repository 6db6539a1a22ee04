import { BlockList, isIP } from 'node:net'

/** The addresses and networks in a list that is separated by commas. */
export function networksOf(text: string): BlockList {
  const networks = new BlockList()
  for (const part of text.split(',')) {
    const item = part.trim()
    if (item !== '' && !add(networks, item)) {
      throw new Error(
        `must be addresses or networks such as 10.0.0.1 or fd00::/8, separated by commas, not "${item}"`,
      )
    }
  }
  return networks
}

function add(networks: BlockList, item: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(item) ?? []
  const version = isIP(address)
  if (version === 0 || address.includes('%')) return false
  const family = version === 6 ? 'ipv6' : 'ipv4'
  if (bits === undefined) networks.addAddress(address, family)
  else if (Number(bits) <= (version === 6 ? 128 : 32)) {
    networks.addSubnet(address, Number(bits), family)
  } else return false
  return true
}
