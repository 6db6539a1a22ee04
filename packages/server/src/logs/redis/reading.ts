import type { ChainableCommander, Redis } from 'ioredis'
import type { LogStore } from '../store.js'
import { READ_BYTES } from '../store.js'
import type { Commands } from './commands.js'
import { keys } from './keys.js'
import { LENGTHS, READ } from './read-script.js'

/** A part of a list, and how long the list is. */
export interface Excerpt {
  readonly length: number
  readonly texts: string[]
}

export interface Asked {
  readonly nodeId: string
  readonly from: number
  /** Negative: the elements right before `from`. */
  readonly limit: number
  readonly bytes: number
}

/** Reads of lists, bounded within Redis. */
export interface Reading extends Pick<LogStore, 'read' | 'readBefore'> {
  /** One read of each list, in one round trip; an error where it is that list's own. */
  readEach(asked: readonly Asked[]): Promise<(Excerpt | Error)[]>
  /** How long each list is, for little; -1 where the key is of another type. */
  lengths(nodeIds: readonly string[]): Promise<number[]>
}

/** How many nodes are remembered for their long elements. */
const MOST_LONG = 10_000

type Reply = [length: number, texts: string[], found?: number]
type Arguments = [keyCount: number, ...rest: (string | number)[]]

/** Lists whose lengths one script tells: they hold Redis up for some 0.1 ms. */
const MEASURED = 256

interface WithRead extends Redis {
  launchtailRead(...args: Arguments): Promise<Reply>
  launchtailLengths(...args: Arguments): Promise<number[]>
}

type PipelineWithRead = ChainableCommander & {
  launchtailRead(...args: Arguments): ChainableCommander
}

export function createReading({
  commands,
  retention,
}: {
  commands: Pick<Commands, 'redis' | 'sharded' | 'attempt'>
  /** Milliseconds for which a list is kept that has no time to live. */
  retention: number
}): Reading {
  const { sharded, attempt } = commands
  const redis = commands.redis as WithRead
  redis.defineCommand('launchtailRead', { lua: READ })
  redis.defineCommand('launchtailLengths', { lua: LENGTHS })
  /**
   * A Cluster's lists that may have long elements. While a slot moves, a Cluster takes no command of
   * whose keys only some are there, so the hash, which most lists lack, is named for these alone.
   */
  const mayBeLong = new Set<string>()
  return { read, readBefore, readEach, lengths }

  async function read(nodeId: string, from: number, limit: number): Promise<string[]> {
    if (limit <= 0) return []
    const { texts } = await attempt(() => readOne({ nodeId, from, limit, bytes: READ_BYTES }))
    return texts
  }

  async function readBefore(nodeId: string, to: number, limit: number): Promise<string[]> {
    if (limit <= 0 || to <= 0) return []
    const asked = { nodeId, from: to, limit: -limit, bytes: READ_BYTES }
    return (await attempt(() => readOne(asked))).texts
  }

  async function readOne(asked: Asked): Promise<Excerpt> {
    try {
      const reply = await redis.launchtailRead(...argumentsOf(asked))
      if ((reply[2] ?? 0) > 0) expectLong(asked.nodeId)
      return excerptOf(reply)
    } catch (error) {
      if (!isOf(error, 'TRYAGAIN')) {
        // A long element may be why it took too long.
        expectLong(asked.nodeId)
        throw error
      }
      return excerptOf(await redis.launchtailRead(...argumentsOf(asked, false)))
    }
  }

  async function readEach(asked: readonly Asked[]): Promise<(Excerpt | Error)[]> {
    if (asked.length === 0) {
      await redis.ping()
      return []
    }
    if (sharded) return Promise.all(asked.map((one) => readOne(one).catch(unlessItsOwn)))
    const pipeline = redis.pipeline() as PipelineWithRead
    for (const one of asked) pipeline.launchtailRead(...argumentsOf(one))
    const results = (await pipeline.exec()) ?? []
    return Promise.all(
      results.map(([error, reply], i) => {
        if (!error) return excerptOf(reply as Reply)
        // The scripts were flushed. Alone it is sent again as a whole.
        if (isOf(error, 'NOSCRIPT')) return readOne(asked[i] as Asked).catch(unlessItsOwn)
        return unlessItsOwn(error)
      }),
    )
  }

  async function lengths(nodeIds: readonly string[]): Promise<number[]> {
    // The lists of one script are of one slot.
    const most = sharded ? 1 : MEASURED
    const answers: Promise<number[]>[] = []
    for (let first = 0; first < nodeIds.length; first += most) {
      const lists = nodeIds.slice(first, first + most).map(keys.list)
      answers.push(redis.launchtailLengths(lists.length, ...lists))
    }
    return (await Promise.all(answers)).flat()
  }

  function expectLong(nodeId: string): void {
    if (mayBeLong.size >= MOST_LONG) mayBeLong.clear()
    mayBeLong.add(nodeId)
  }

  function argumentsOf(
    { nodeId, from, limit, bytes }: Asked,
    withLong = !sharded || mayBeLong.has(nodeId),
  ): Arguments {
    const list = keys.list(nodeId)
    const names = withLong ? [list, keys.long(nodeId)] : [list]
    return [names.length, ...names, from, limit, bytes, retention]
  }
}

function excerptOf([length, texts]: Reply): Excerpt {
  return { length, texts }
}

/** A key of another type is the fault of that node alone; others say that Redis is not well. */
function unlessItsOwn(error: unknown): Error {
  if (isOf(error, 'WRONGTYPE')) return error as Error
  throw error
}

function isOf(error: unknown, kind: string): boolean {
  return error instanceof Error && error.message.includes(kind)
}
