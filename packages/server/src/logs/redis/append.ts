import { createHash } from 'node:crypto'
import type { ChainableCommander, Redis } from 'ioredis'
import { checkBefore } from '../check.js'
import { type Appended, type AppendHow, type LogStore, REPLY_KEPT } from '../store.js'
import { APPEND, APPEND_SHARDED } from './append-script.js'
import { redisClock } from './clock.js'
import type { Commands } from './commands.js'
import { corkEachTurn } from './cork.js'
import { keys } from './keys.js'
import { retryRefused } from './refusals.js'
import { COMMAND_TIMEOUT } from './time-out.js'

export interface AppendOptions {
  commands: Commands
  /** Milliseconds a list is kept after its last append. */
  retention: number
  /** The number of replicas that must have an append before it is answered. */
  wait: number
}

type Reply = [outcome: string, ...(string | number)[]]

interface WithAppend extends Redis {
  launchtailAppend(...args: (string | number)[]): Promise<Reply>
}

type AppendAndWait = ChainableCommander & {
  launchtailAppend(...args: (string | number)[]): ChainableCommander
}

export function createAppend({ commands, retention, wait }: AppendOptions): LogStore['append'] {
  const { sharded, attempt } = commands
  const redis = commands.redis as WithAppend
  redis.defineCommand('launchtailAppend', {
    lua: sharded ? APPEND_SHARDED : APPEND,
  })
  const clock = redisClock(redis)
  /** A Cluster's client writes to several masters, each by itself. */
  const cork = sharded ? () => {} : corkEachTurn(redis)
  return append

  async function append(
    nodeId: string,
    texts: readonly string[],
    how: AppendHow = {},
  ): Promise<Appended> {
    // The sender is told of a failure at this time, so nothing may take effect after it.
    const deadline = performance.now() + COMMAND_TIMEOUT
    return attempt(async () => {
      const act = () => sendWhole(nodeId, texts, how, deadline)
      const reply = await retryRefused(act, deadline - 100)
      if (reply[0] !== 'late') return appendedOf(reply)
      // It answered at once, so Redis's clock has stepped. Nothing was done: try by the new time.
      clock.forget()
      return appendedOf(await act())
    })
  }

  /** Without the sign of a removal where that is the key that a Cluster lacks. */
  async function sendWhole(
    nodeId: string,
    texts: readonly string[],
    how: AppendHow,
    deadline: number,
  ): Promise<Reply> {
    try {
      return await send(nodeId, texts, how, deadline)
    } catch (error) {
      if (!sharded || !String(error).includes('TRYAGAIN')) throw error
      return send(nodeId, texts, how, deadline, false)
    }
  }

  async function send(
    nodeId: string,
    texts: readonly string[],
    how: AppendHow,
    deadline: number,
    withSign = true,
  ): Promise<Reply> {
    const { precondition, offset, once, fence, unlessRemoved } = how
    const list = keys.list(nodeId)
    const names = [
      list,
      // While a slot moves, a Cluster refuses a command of whose keys only some are there.
      offset || fence ? keys.offsets(nodeId) : list,
      once ? keys.reply(nodeId, once.key) : list,
      ...(withSign ? [keys.removed(nodeId)] : []),
    ]
    const args = [
      names.length,
      ...names,
      await clock.at(deadline),
      retention,
      precondition?.length ?? -1,
      precondition?.last === undefined ? '' : sha1(precondition.last),
      offset?.name ?? '',
      offset?.from ?? 0,
      offset?.to ?? 0,
      once?.digest ?? '',
      once?.answer ?? '',
      REPLY_KEPT,
      precondition ? checkBefore(precondition.last) : '',
      fence?.name ?? '',
      fence?.token ?? 0,
      unlessRemoved ? 1 : 0,
      ...texts,
    ]
    cork()
    return wait === 0 ? redis.launchtailAppend(...args) : sendAndWait(redis, args, wait)
  }
}

/** In one pipeline, because in a Cluster both must go to the master that has the list. */
async function sendAndWait(
  redis: Redis,
  args: readonly (string | number)[],
  wait: number,
): Promise<Reply> {
  const pipeline = redis.pipeline() as AppendAndWait
  const results = await pipeline
    .launchtailAppend(...args)
    .wait(wait, COMMAND_TIMEOUT - 200)
    .exec()
  const [reply, replicas] = (results ?? []).map(([error, answer]) => {
    if (error) throw error
    return answer
  })
  if (Number(replicas) < wait) throw new Error(`WAIT: ${replicas} of ${wait} replicas`)
  return reply as Reply
}

function appendedOf([outcome, first, digest, answer]: Reply): Appended {
  switch (outcome) {
    case 'stored':
      return { outcome, index: Number(first) }
    case 'moved':
    case 'fenced':
    case 'removed':
      return { outcome }
    case 'elsewhere':
      return { outcome, position: Number(first) }
    case 'replayed':
      return { outcome, index: Number(first), digest: String(digest), answer: String(answer) }
    default:
      throw new Error(`append: ${outcome}`)
  }
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
