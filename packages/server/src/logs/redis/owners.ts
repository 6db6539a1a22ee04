import { ABSENT, type Owners } from '../owners.js'
import type { Commands } from './commands.js'
import { keys } from './keys.js'
import { takeBack } from './removal.js'

/** For how long a node belongs to a server that does not renew that, in milliseconds. */
const OWNED = 7 * 24 * 3_600_000

/** Sets the owner if it is still the one that the caller has seen (empty: none). */
const CLAIM = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
`

const RENEW = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
`

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
`

/** A node's owner is a key in the slot of its list; that a server is there is a key of its own. */
export function createOwners({ redis, attempt }: Commands): Owners {
  return {
    announce: ({ name, address }) =>
      attempt(async () => void (await redis.set(keys.server(name), address, 'PX', ABSENT))),
    claim: (nodeId, name) => attempt(() => claim(nodeId, name)),
    other: (nodeId, name) =>
      attempt(async () => addressOf(await redis.get(keys.owner(nodeId)), name)),
    renew: (nodeIds, name) =>
      attempt(async () => {
        await Promise.all(
          nodeIds.map((nodeId) => redis.eval(RENEW, 1, keys.owner(nodeId), name, OWNED)),
        )
      }),
    release: (nodeId, name) =>
      attempt(async () => void (await redis.eval(RELEASE, 1, keys.owner(nodeId), name))),
  }

  async function claim(nodeId: string, name: string): Promise<string | undefined> {
    const key = keys.owner(nodeId)
    for (;;) {
      const owner = await redis.get(key)
      const other = await addressOf(owner, name)
      if (other !== undefined) return other
      if ((await redis.eval(CLAIM, 1, key, owner ?? '', name, OWNED)) === 1) {
        await takeBack(redis, nodeId)
        return undefined
      }
    }
  }

  async function addressOf(owner: string | null, name: string): Promise<string | undefined> {
    if (owner === null || owner === name) return undefined
    return (await redis.get(keys.server(owner))) ?? undefined
  }
}
