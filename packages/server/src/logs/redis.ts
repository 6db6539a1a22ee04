import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'
import { StorageUnavailable } from '../errors.js'
import { checkBefore } from './check.js'
import { keys } from './keys.js'
import { APPEND } from './redis-append.js'
import type { Appended, AppendHow, LogStore } from './store.js'
import { createWatchers } from './watchers.js'

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

/** Every command ends by then; the rest of the promised two seconds is for the answer. */
const COMMAND_TIMEOUT = 1500
const REPLY_KEPT = 24 * 3_600_000
/** How many entries one poll takes from a list; where there are more, the watcher reads on. */
const POLL_LIMIT = 500
/** How often a Redis that is out of reach is asked whether it is back. */
const RECOVERY_EVERY = 250
/** How often the subscriber's connection must show that it is alive. */
const SUBSCRIBER_CHECK = 5000

interface WithAppend extends Redis {
  launchtailAppend(...args: (string | number)[]): Promise<[string, ...(string | number)[]]>
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
  const commands = connect(url) as WithAppend
  const subscriber = connect(url)
  const watchers = createWatchers()
  commands.defineCommand('launchtailAppend', { numberOfKeys: 3, lua: APPEND })
  /** Redis's clock (ms since 1970) less our monotonic one. */
  let clockOffset: number | undefined
  let up = true
  let polling = false
  let recovery: NodeJS.Timeout | undefined
  /** How many polls in a row were not answered at all. */
  let unanswered = 0
  const poller = setInterval(() => void poll(), pollInterval)
  const checker = setInterval(() => void checkSubscriber(), SUBSCRIBER_CHECK)
  poller.unref()
  checker.unref()

  commands.on('error', (error) => onFault('redis', error))
  commands.on('close', () => lost())
  commands.on('ready', () => {
    clockOffset = undefined
    void poll()
  })
  subscriber.on('error', (error) => onFault('redis subscriber', error))
  subscriber.on('ready', () => watchers.each((watcher) => watcher.changed()))
  subscriber.on('message', heard)
  // Not being able to connect yet is told by `ping`, as at any later time.
  await Promise.allSettled([commands.connect(), subscriber.connect()])

  return {
    append,
    read: (nodeId, from, limit) =>
      limit <= 0
        ? Promise.resolve([])
        : attempt(() => commands.lrange(keys.list(nodeId), from, from + limit - 1)),
    length: (nodeId) => attempt(() => commands.llen(keys.list(nodeId))),
    mark: async (nodeId, name) =>
      Number((await attempt(() => commands.hget(keys.marks(nodeId), name))) ?? 0),
    async remove(nodeId) {
      const list = keys.list(nodeId)
      await attempt(async () => {
        const results = await commands
          .multi()
          .del(list, keys.marks(nodeId))
          .publish(list, 'removed')
          .exec()
        for (const [error] of results ?? []) if (error) throw error
      })
    },
    watch(nodeId, watcher) {
      watchers.add(nodeId, watcher)
      const channel = keys.list(nodeId)
      // What came between the watcher's own read and the subscription is found by reading again.
      subscriber.subscribe(channel).then(
        () => watcher.changed(),
        (error) => onFault('redis subscribe', error),
      )
      if (!up) watcher.lost()
      return () => {
        watchers.delete(nodeId, watcher)
        if ([...watchers.of(nodeId)].length > 0) return
        subscriber.unsubscribe(channel).catch((error) => onFault('redis unsubscribe', error))
      }
    },
    ping: () => attempt(async () => void (await commands.ping())),
    async close() {
      clearInterval(poller)
      clearInterval(checker)
      clearInterval(recovery)
      subscriber.removeAllListeners('message')
      subscriber.disconnect()
      commands.removeAllListeners('close')
      commands.disconnect()
    },
  }

  async function append(
    nodeId: string,
    texts: readonly string[],
    how: AppendHow = {},
  ): Promise<Appended> {
    return attempt(async () => {
      let reply = await send(nodeId, texts, how)
      if (reply[0] === 'late') {
        // At once, so it was Redis's clock that stepped: nothing was done, so try by the new time.
        clockOffset = undefined
        reply = await send(nodeId, texts, how)
      }
      const [outcome, first, digest, answer] = reply
      switch (outcome) {
        case 'stored':
          return { outcome, index: Number(first) }
        case 'moved':
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

  async function send(nodeId: string, texts: readonly string[], how: AppendHow) {
    const { expect, mark, once } = how
    const list = keys.list(nodeId)
    const deadline = (await redisNow()) + COMMAND_TIMEOUT
    const appending = commands.launchtailAppend(
      list,
      keys.marks(nodeId),
      once ? keys.reply(nodeId, once.key) : list,
      Math.floor(deadline),
      retention,
      expect?.length ?? -1,
      expect?.last === undefined ? '' : sha1(expect.last),
      mark?.name ?? '',
      mark?.from ?? 0,
      mark?.to ?? 0,
      once?.digest ?? '',
      once?.answer ?? '',
      REPLY_KEPT,
      expect ? checkBefore(expect.last) : '',
      ...texts,
    )
    if (wait === 0) return appending
    const [reply, replicas] = await Promise.all([
      appending,
      commands.wait(wait, COMMAND_TIMEOUT - 200),
    ])
    if (replicas < wait) throw new Error(`WAIT: ${replicas} of ${wait} replicas`)
    return reply
  }

  async function redisNow(): Promise<number> {
    if (clockOffset === undefined) {
      const [seconds, micros] = await commands.time()
      clockOffset = Number(seconds) * 1000 + Number(micros) / 1000 - performance.now()
    }
    return clockOffset + performance.now()
  }

  /** A message is `<index> <previous check>`, then a line for each text; see `redis-append.ts`. */
  function heard(channel: string, message: string): void {
    const nodeId = channel.slice(keys.list('').length)
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
  async function poll(): Promise<void> {
    if (polling) return
    polling = true
    try {
      const asked: { nodeId: string; from: number }[] = []
      const pipeline = commands.pipeline()
      for (const [nodeId, watching] of watchers.all()) {
        // A process has one watcher a list; for a second one the news are as good.
        const [first] = watching
        const from = Math.max(0, first?.position() ?? 0)
        asked.push({ nodeId, from })
        pipeline.lrange(keys.list(nodeId), from, from + POLL_LIMIT - 1)
      }
      if (asked.length === 0) pipeline.ping()
      const results = (await pipeline.exec()) ?? []
      const broken = results.find(([error]) => error && !isWrongType(error))
      if (broken) throw broken[0]
      unanswered = 0
      found()
      asked.forEach(({ nodeId, from }, i) => {
        const texts = results[i]?.[1]
        if (!Array.isArray(texts)) return
        for (const watcher of watchers.of(nodeId)) {
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
    } finally {
      polling = false
    }
  }

  /** Whatever goes wrong (gone, frozen, READONLY, LOADING, OOM …), it is not the caller's fault. */
  async function attempt<T>(act: () => Promise<T>): Promise<T> {
    // Who asks several things of a Redis that hangs waits for the first of them only.
    if (!up) throw new StorageUnavailable('out of reach')
    try {
      return await act()
    } catch (error) {
      if (isTimeout(error)) lost()
      throw new StorageUnavailable(error)
    }
  }

  function lost(): void {
    if (!up) return
    up = false
    recovery = setInterval(() => void poll(), Math.min(pollInterval, RECOVERY_EVERY))
    watchers.each((watcher) => watcher.lost())
  }

  function found(): void {
    if (up) return
    up = true
    clearInterval(recovery)
    watchers.each((watcher) => watcher.found())
  }

  /** A connection that is open but delivers nothing is as good as none: it is made anew. */
  async function checkSubscriber(): Promise<void> {
    if (subscriber.status !== 'ready') return
    try {
      await subscriber.ping()
    } catch (error) {
      onFault('redis subscriber is silent, connecting again', error)
      subscriber.disconnect(true)
    }
  }
}

function connect(url: string): Redis {
  return new Redis(url, {
    lazyConnect: true,
    connectTimeout: COMMAND_TIMEOUT,
    commandTimeout: COMMAND_TIMEOUT,
    // A command is sent once or refused at once; who asked decides whether to try again.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    retryStrategy: (attempts) => Math.min(1000, 50 * 2 ** attempts),
  })
}

function isWrongType(error: Error): boolean {
  return error.message.startsWith('WRONGTYPE')
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out'
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
