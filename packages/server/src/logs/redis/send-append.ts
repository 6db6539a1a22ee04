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

interface AppendScript {
  readonly lua: string
  readonly digest: string
}

const KEY_COUNT = 3

/** Runs the script of the append, once. */
export function createSendAppend({ commands, clock, retention, wait }: SendAppendOptions) {
  const { sharded } = commands
  const redis = commands.redis as WithAppend
  const lua = sharded ? APPEND_SHARDED : APPEND
  const script = { lua, digest: sha1(lua) }
  redis.defineCommand('launchtailAppend', { numberOfKeys: KEY_COUNT, lua })
  /** A Cluster's client writes to several masters, each by itself. */
  const cork = sharded ? () => {} : corkEachTurn(redis)
  return send

  async function send({ nodeId, texts, how, deadline }: AskedAppend): Promise<Reply> {
    const names = namesOf(nodeId, how)
    const time = await clock.at(deadline)
    const args = [...names, time, retention, ...argumentsOf(nodeId, how), ...texts]
    cork()
    return wait === 0 ? redis.launchtailAppend(...args) : sendAndWait(redis, script, args, wait)
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

/**
 * In one pipeline, because in a Cluster both must go to the master that has the list. Where Redis no longer
 * has the script, both are sent again: ioredis alone would send the script once more, behind the `WAIT`, which then
 * counts the replicas of what was written before.
 */
async function sendAndWait(
  redis: Redis,
  { lua, digest }: AppendScript,
  args: readonly (string | number)[],
  wait: number,
): Promise<Reply> {
  const byDigest = redis.pipeline().evalsha(digest, KEY_COUNT, ...args)
  const results = await runAndWait(byDigest, wait)
  const [[error] = []] = results
  if (!error?.message.startsWith('NOSCRIPT')) return replyOf(results, wait)
  return replyOf(await runAndWait(redis.pipeline().eval(lua, KEY_COUNT, ...args), wait), wait)
}

type Results = NonNullable<Awaited<ReturnType<ChainableCommander['exec']>>>

async function runAndWait(pipeline: ChainableCommander, wait: number): Promise<Results> {
  return (await pipeline.wait(wait, COMMAND_TIMEOUT - 200).exec()) ?? []
}

function replyOf(results: Results, wait: number): Reply {
  const [reply, replicas] = results.map(([error, answer]) => {
    if (error) throw error
    return answer
  })
  if (Number(replicas) < wait) throw new Error(`WAIT: ${replicas} of ${wait} replicas`)
  return reply as Reply
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
