import { createHash } from 'node:crypto'

const LONGEST = 25
/** How many characters of a hash stand for the rest of a name that is too long. */
const HASH = 2

/** The name of the cluster on which SkyPilot runs a managed job. The queue does not tell it. */
export function managedClusterName(name: string, id: number): string {
  const plain = name.replace(/[._]/g, '-').toLowerCase()
  if (plain.length <= LONGEST) return `${plain}-${id}`
  const hash = BigInt(`0x${createHash('md5').update(name).digest('hex')}`).toString(36)
  const begin = plain.slice(0, LONGEST - HASH - 1).replace(/-+$/, '')
  return `${begin}-${hash.slice(0, HASH)}-${id}`
}
