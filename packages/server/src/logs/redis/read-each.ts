import type { Commands } from './commands.js'
import { keys } from './keys.js'

interface Asked {
  readonly nodeId: string
  readonly from: number
}

/** The most entries taken from a list at once. Where there are more, the watcher reads on. */
const LIMIT = 500

/** The texts that each list has from an index on; undefined for a key that is no list. */
export async function readEach(
  { redis, sharded }: Pick<Commands, 'redis' | 'sharded'>,
  asked: readonly Asked[],
): Promise<(string[] | undefined)[]> {
  if (asked.length === 0) {
    await redis.ping()
    return []
  }
  if (sharded) {
    return Promise.all(asked.map((one) => redis.lrange(...rangeOf(one)).catch(unlessWrongType)))
  }
  const pipeline = redis.pipeline()
  for (const one of asked) pipeline.lrange(...rangeOf(one))
  const results = (await pipeline.exec()) ?? []
  return results.map(([error, texts]) => (error ? unlessWrongType(error) : (texts as string[])))
}

function rangeOf({ nodeId, from }: Asked): [key: string, start: number, stop: number] {
  return [keys.list(nodeId), from, from + LIMIT - 1]
}

function unlessWrongType(error: Error): undefined {
  if (!error.message.startsWith('WRONGTYPE')) throw error
}
