import { randomUUID } from 'node:crypto'
import { REPLY_KEPT } from '../store.js'
import type { Commands } from './commands.js'
import { keys } from './keys.js'

/**
 * The sign that a removal leaves for as long as replies are kept: this word and the removal's own id.
 * It keeps another server's append from making the list again and shows that an announced removal is
 * true. A kept reply holds the id too, which tells whether its list is the one that is gone. Whoever
 * claims the node turns the word into BACK.
 */
export const GONE = 'gone'
const BACK = 'back'

const TAKE_BACK = `
local sign = redis.call('GET', KEYS[1])
if sign then redis.call('SET', KEYS[1], '${BACK}' .. sign:sub(${GONE.length + 1}), 'KEEPTTL') end
`

/** Milliseconds for which a removal can be told from a list that is just not there. */
const REMOVED_FOR = 10_000

export async function removeList({ redis, sharded }: Commands, nodeId: string): Promise<void> {
  const list = keys.list(nodeId)
  const removing = redis
    .multi()
    .del(list, keys.offsets(nodeId), keys.long(nodeId))
    .set(keys.removed(nodeId), `${GONE} ${randomUUID()}`, 'PX', REPLY_KEPT)
  const results = await (sharded
    ? removing.spublish(list, 'removed')
    : removing.publish(list, 'removed')
  ).exec()
  for (const [error] of results ?? []) if (error) throw error
}

/** True if the list was removed on purpose a moment ago, and there is none. */
export async function wasRemoved(redis: Commands['redis'], nodeId: string): Promise<boolean> {
  const [exists, left] = await Promise.all([
    redis.exists(keys.list(nodeId)),
    redis.pttl(keys.removed(nodeId)),
  ])
  return exists === 0 && left > REPLY_KEPT - REMOVED_FOR
}

/** The node is somebody's again: appends to it may begin a list. */
export async function takeBack(redis: Commands['redis'], nodeId: string): Promise<void> {
  await redis.eval(TAKE_BACK, 1, keys.removed(nodeId))
}
