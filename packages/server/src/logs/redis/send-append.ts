import { createHash } from 'node:crypto'
import type { ChainableCommander, Redis } from 'ioredis'
import { checkBefore } from '../check.js'
import { type AppendHow, REPLY_KEPT } from '../store.js'
import { APPEND, APPEND_SHARDED } from './append-script.js'
import type { RedisClock } from './clock.js'
import type { Commands } from './commands.js'
import { corkEachTurn } from './cork.js'
import { keys } from './keys.js'
import { COMMAND_TIMEOUT } from './time-out.js'

/** What the script answers. */
export type Reply = [outcome: string, ...(string | number)[]]

/** An append as it is asked for. */
export interface AskedAppend {
  readonly nodeId: string
  readonly texts: readonly string[]
  readonly how: AppendHow
  /** The monotonic time after which nothing may take effect. */
  readonly deadline: number
}

export interface SendAppendOptions {
  commands: Pick<Commands, 'redis' | 'sharded'>
  clock: RedisClock
  retention: number
  wait: number
}

interface WithAppend extends Redis {
  launchtailAppend(...args: (string | number)[]): Promise<Reply>
}

type AppendAndWait = ChainableCommander & {
  launchtailAppend(...args: (string | number)[]): ChainableCommander
}

/** Runs the script of the append, once. */
export function createSendAppend({ commands, clock, retention, wait }: SendAppendOptions) {
  const { sharded } = commands
  const redis = commands.redis as WithAppend
  redis.defineCommand('launchtailAppend', {
    numberOfKeys: 3,
    lua: sharded ? APPEND_SHARDED : APPEND,
  })
  /** A Cluster's client writes to several masters, each by itself. */
  const cork = sharded ? () => {} : corkEachTurn(redis)
  return send

  async function send({ nodeId, texts, how, deadline }: AskedAppend): Promise<Reply> {
    const names = namesOf(nodeId, how)
    const time = await clock.at(deadline)
    const args = [...names, time, retention, ...argumentsOf(nodeId, how), ...texts]
    cork()
    return wait === 0 ? redis.launchtailAppend(...args) : sendAndWait(redis, args, wait)
  }
}

function namesOf(nodeId: string, { offset, fence, once }: AppendHow) {
  const list = keys.list(nodeId)
  // While a slot moves, a Cluster refuses a command of whose keys only some are there.
  return [
    list,
    offset || fence ? keys.offsets(nodeId) : list,
    once ? keys.reply(nodeId, once.key) : list,
  ]
}

function argumentsOf(
  nodeId: string,
  { precondition, offset, once, fence, unlessRemoved }: AppendHow,
) {
  return [
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
    keys.removed(nodeId),
    unlessRemoved ? 1 : 0,
  ]
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

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
