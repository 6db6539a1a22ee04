import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChainableCommander, Redis } from 'ioredis'
import { StorageUnavailable } from '../../errors.js'
import { checkBefore } from '../check.js'
import type { Appended, AppendHow, LogStore } from '../store.js'
import { createWatchers } from '../watchers.js'
import { APPEND, APPEND_SHARDED } from './append.js'
import { COMMAND_TIMEOUT, connectionTo, mastersOf } from './connect.js'
import { corkEachTurn } from './cork.js'
import { keys } from './keys.js'
import { redisListener } from './listener.js'
import { parseRedisAddress } from './url.js'

export interface RedisLogStoreOptions {
  url: string
  /** Milliseconds a list is kept after its last append. */
  retention: number
  /** Milliseconds between looks at the watched lists, for writers that do not announce. */
  pollInterval: number
  /** How many replicas must have an append before it is answered. */
  wait?: number
  /** Told of what goes wrong between calls. */
  onFault?: (message: string, error?: unknown) => void
}

const REPLY_KEPT = 24 * 3_600_000
/** How many entries one poll takes from a list; where there are more, the watcher reads on. */
const POLL_LIMIT = 500
/** How often a Redis that is out of reach is asked whether it is back. */
const RECOVERY_EVERY = 250
/** Milliseconds a connection may take to be made anew before it counts as a loss to the watchers. */
const TELL_AFTER = 300
/** How long a list's entries may come unannounced until its subscription is made anew. */
const DEAF_AFTER = 10_000

type Reply = [outcome: string, ...(string | number)[]]

interface WithAppend extends Redis {
  launchtailAppend(...args: (string | number)[]): Promise<Reply>
}

type Both = ChainableCommander & {
  launchtailAppend(...args: (string | number)[]): ChainableCommander
}

/**
 * The store on Redis: one List per node, as other programs know it.
 *
 * One connection for commands and one for listening. An append is one script: it checks, pushes,
 * renews the time to live and announces. Nothing that timed out is sent twice, and the script
 * refuses to act after its deadline by Redis's own clock, so a command that waited in a frozen
 * Redis does not take effect long after its sender was told that it failed.
 */
export async function redisLogStore({
  url,
  retention,
  pollInterval,
  wait = 0,
  onFault = () => {},
}: RedisLogStoreOptions): Promise<LogStore> {
  const address = parseRedisAddress(url)
  if (!address) throw new StorageUnavailable('not an address of Redis')
  const sharded = address.kind === 'cluster'
  const commands = connectionTo(address) as WithAppend
  const watchers = createWatchers()
  const listener = redisListener({
    address,
    heard,
    // What came between the watcher's own read and the subscription is found by reading again.
    subscribed(channel) {
      for (const watcher of watchers.of(nodeOf(channel))) watcher.changed()
    },
    announce: (channel, message) => commands.publish(channel, message),
    masters: () => mastersOf(commands),
    onFault,
  })
  const lua = sharded ? APPEND_SHARDED : APPEND
  commands.defineCommand('launchtailAppend', { numberOfKeys: 3, lua })
  /** A Cluster's client writes to several masters, each by itself. */
  const cork = sharded ? () => {} : corkEachTurn(commands)
  /** Redis's clock (ms since 1970) less our monotonic one. */
  let clockOffset: number | undefined
  let up = true
  let polling: Promise<void> | undefined
  let recovery: NodeJS.Timeout | undefined
  let telling: NodeJS.Timeout | undefined
  /** How many polls in a row were not answered at all. */
  let unanswered = 0
  /** Watched lists in which the poll found what was not announced, and since when. */
  const unannounced = new Map<string, number>()

  commands.on('error', (error) => onFault('redis', error))
  commands.on('close', () => lost())
  commands.on('ready', () => {
    clockOffset = undefined
    void poll()
  })
  // Not being able to connect yet is told by `ping`, as at any later time.
  await Promise.allSettled([commands.connect(), listener.connect()])
  await poll()
  const poller = setInterval(() => void poll(), pollInterval)
  poller.unref()

  return {
    append,
    read: (nodeId, from, limit) =>
      limit <= 0
        ? Promise.resolve([])
        : attempt(() => commands.lrange(keys.list(nodeId), from, from + limit - 1)),
    length: (nodeId) => attempt(() => commands.llen(keys.list(nodeId))),
    offset: async (nodeId, name) =>
      Number((await attempt(() => commands.hget(keys.offsets(nodeId), name))) ?? 0),
    async remove(nodeId) {
      const list = keys.list(nodeId)
      await attempt(async () => {
        const removing = commands.multi().del(list, keys.offsets(nodeId))
        const results = await (sharded
          ? removing.spublish(list, 'removed')
          : removing.publish(list, 'removed')
        ).exec()
        for (const [error] of results ?? []) if (error) throw error
      })
    },
    watch(nodeId, watcher) {
      const channel = keys.list(nodeId)
      const first = isEmpty(watchers.of(nodeId))
      watchers.add(nodeId, watcher)
      if (first) listener.add(channel)
      else watcher.changed()
      if (!up) watcher.lost()
      return () => {
        watchers.delete(nodeId, watcher)
        if (!isEmpty(watchers.of(nodeId))) return
        unannounced.delete(nodeId)
        listener.delete(channel)
      }
    },
    // A Redis that is full, or a replica, answers and takes nothing.
    ping: () => attempt(async () => void (await commands.set(keys.probe, '', 'PX', 1000))),
    async close() {
      clearInterval(poller)
      clearInterval(recovery)
      clearTimeout(telling)
      listener.close()
      commands.removeAllListeners('close')
      commands.disconnect()
    },
  }

  async function append(
    nodeId: string,
    texts: readonly string[],
    how: AppendHow = {},
  ): Promise<Appended> {
    // By then the sender is told that it failed, and nothing of it may take effect any more.
    const deadline = performance.now() + COMMAND_TIMEOUT
    return attempt(async () => {
      let reply = await untilTaken(() => send(nodeId, texts, how, deadline), deadline - 100)
      if (reply[0] === 'late') {
        // At once, so it was Redis's clock that stepped: nothing was done, so try by the new time.
        clockOffset = undefined
        reply = await send(nodeId, texts, how, deadline)
      }
      const [outcome, first, digest, answer] = reply
      switch (outcome) {
        case 'stored':
          return { outcome, index: Number(first) }
        case 'moved':
        case 'fenced':
          return { outcome }
        case 'elsewhere':
          return { outcome, position: Number(first) }
        case 'replayed':
          return { outcome, index: Number(first), digest: String(digest), answer: String(answer) }
        default:
          throw new Error(`append: ${outcome}`)
      }
    })
  }

  async function send(
    nodeId: string,
    texts: readonly string[],
    how: AppendHow,
    deadline: number,
  ): Promise<Reply> {
    const { precondition, offset, once, fence } = how
    const list = keys.list(nodeId)
    const args = [
      list,
      // While a slot moves, a Cluster takes nothing that names keys of which only some are there.
      offset || fence ? keys.offsets(nodeId) : list,
      once ? keys.reply(nodeId, once.key) : list,
      Math.floor((await clockOfRedis()) + deadline),
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
      ...texts,
    ]
    cork()
    if (wait === 0) return commands.launchtailAppend(...args)
    // Together, for in a Cluster each must go to the node that has the list.
    const both = commands.pipeline() as Both
    const results = await both
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

  async function clockOfRedis(): Promise<number> {
    if (clockOffset === undefined) {
      const [seconds, micros] = await commands.time()
      clockOffset = Number(seconds) * 1000 + Number(micros) / 1000 - performance.now()
    }
    return clockOffset
  }

  /** A message is `<index> <previous check>`, then a line for each text; see `redis-append.ts`. */
  function heard(channel: string, message: string): void {
    const nodeId = nodeOf(channel)
    unannounced.delete(nodeId)
    if (message === 'removed') {
      for (const watcher of watchers.of(nodeId)) watcher.removed()
      return
    }
    const [head = '', ...texts] = message.split('\n')
    const [index, previous] = head.split(' ')
    for (const watcher of watchers.of(nodeId)) {
      if (texts.length === 0 || !previous) watcher.changed()
      else watcher.appended({ index: Number(index), previous, texts })
    }
  }

  /** One pipelined look at every watched list, each from its watcher's own newest entry. */
  function poll(): Promise<void> {
    polling ??= lookAtAll().finally(() => {
      polling = undefined
    })
    return polling
  }

  async function lookAtAll(): Promise<void> {
    try {
      const asked = [...watchers.all()].map(([nodeId, watching]) => {
        // A process has one watcher a list; for a second one the news are as good.
        const [first] = watching
        return { nodeId, from: Math.max(0, first?.position() ?? 0) }
      })
      const answers = await inTime(readEach(asked))
      unanswered = 0
      found()
      asked.forEach(({ nodeId, from }, i) => {
        const texts = answers[i]
        if (!texts) return
        for (const watcher of watchers.of(nodeId)) {
          if (texts.length > 1 && watcher.position() === from) missedNews(nodeId)
          if (texts.length === 0 && watcher.position() >= 0) watcher.changed()
          else watcher.appended({ index: from, previous: undefined, texts })
        }
      })
    } catch (error) {
      if (up) onFault('redis poll', error)
      lost()
      // A connection can hang for a quarter of an hour before the system says so; a new one tells
      // whether it is Redis that hangs.
      unanswered = isTimeout(error) ? unanswered + 1 : 0
      if (unanswered >= 2) {
        unanswered = 0
        commands.disconnect(true)
      }
    }
  }

  /** What each list has from an index on; undefined for a key that holds something else. */
  async function readEach(
    asked: readonly { nodeId: string; from: number }[],
  ): Promise<(string[] | undefined)[]> {
    if (asked.length === 0) {
      await commands.ping()
      return []
    }
    const range = ({ nodeId, from }: { nodeId: string; from: number }) =>
      [keys.list(nodeId), from, from + POLL_LIMIT - 1] as const
    if (sharded) {
      return Promise.all(asked.map((one) => commands.lrange(...range(one)).catch(unlessWrongType)))
    }
    const pipeline = commands.pipeline()
    for (const one of asked) pipeline.lrange(...range(one))
    const results = (await pipeline.exec()) ?? []
    return results.map(([error, texts]) => (error ? unlessWrongType(error) : (texts as string[])))
  }

  /** Entries came without news of them: another program's, or the subscription is deaf. */
  function missedNews(nodeId: string): void {
    const since = unannounced.get(nodeId)
    const now = performance.now()
    if (since !== undefined && now - since < DEAF_AFTER) return
    unannounced.set(nodeId, now)
    if (since === undefined) return
    onFault('redis subscription seems deaf, subscribing again')
    listener.renew(keys.list(nodeId))
  }

  /** Whatever goes wrong (gone, frozen, READONLY, LOADING, OOM …), it is not the caller's fault. */
  async function attempt<T>(act: () => Promise<T>): Promise<T> {
    // Who asks several things of a Redis that hangs waits for the first of them only.
    if (!up) throw new StorageUnavailable('out of reach')
    try {
      return await inTime(act())
    } catch (error) {
      if (isTimeout(error)) lost()
      throw new StorageUnavailable(error)
    }
  }

  /** A Cluster's client has no time-out for what waits until it knows the masters. */
  function inTime<T>(promise: Promise<T>): Promise<T> {
    return sharded ? within(COMMAND_TIMEOUT, promise) : promise
  }

  function lost(): void {
    if (!up) return
    up = false
    recovery = setInterval(() => void poll(), Math.min(pollInterval, RECOVERY_EVERY))
    telling = setTimeout(() => watchers.each((watcher) => watcher.lost()), TELL_AFTER)
  }

  function found(): void {
    if (up) return
    up = true
    clearInterval(recovery)
    clearTimeout(telling)
    watchers.each((watcher) => watcher.found())
  }
}

/** Tries again for a moment while Redis says that it has done nothing of it. */
async function untilTaken<T>(act: () => Promise<T>, until: number): Promise<T> {
  let refusal: unknown
  for (let pause = 50; ; pause = Math.min(2 * pause, 200)) {
    try {
      return await (refusal ? within(until - performance.now(), act()) : act())
    } catch (error) {
      // It answers: that the time is over is no sign that it is out of reach.
      if (refusal && isTimeout(error)) throw refusal
      if (!isRefusal(error) || performance.now() + pause >= until) throw error
      refusal = error
    }
    await sleep(pause)
  }
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(TIMED_OUT)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function nodeOf(channel: string): string {
  return channel.slice(keys.list('').length)
}

function isEmpty(items: Iterable<unknown>): boolean {
  for (const _ of items) return false
  return true
}

function unlessWrongType(error: Error): undefined {
  if (!error.message.startsWith('WRONGTYPE')) throw error
}

/**
 * What may pass within a moment, and is said before anything is done: a failover, data that are
 * being loaded, a slot that moves; or that the command never left, for the connection is being made.
 */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && REFUSAL.test(error.message)
}

const REFUSAL =
  /^(?:Too many Cluster redirections\. Last error: (?:\w*Error: )?)?(?:READONLY|LOADING|MASTERDOWN|MISCONF|NOREPLICAS|BUSY|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|Stream isn't writeable)\b/

/** In ioredis's words. */
const TIMED_OUT = 'Command timed out'

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === TIMED_OUT
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
