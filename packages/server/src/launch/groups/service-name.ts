import { randomBytes } from 'node:crypto'

/** How many characters of a group's id are in it: names of clusters are short. */
const MOST = 20

/** A name for a group's service. It is never used again, so what has it is this group's. */
export function newServiceName(prefix: string, groupId: string): string {
  const words = [prefix, 'serve', groupId].map((text) =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .slice(0, MOST)
      .replace(/^-+|-+$/g, ''),
  )
  return [...words.filter(Boolean), randomBytes(4).toString('hex')].join('-')
}
