import { StorageUnavailable } from '../../errors.js'
import type { LogStore } from '../store.js'
import { createWatchers } from '../watchers.js'
import { createAppend } from './append.js'
import { type Commands, createCommands } from './commands.js'
import { connectionTo } from './connect.js'
import { createHealth } from './health.js'
import { keys } from './keys.js'
import { createListening } from './listening.js'
import { lookForRisks } from './look-for-risks.js'
import { createOwners } from './owners.js'
import { createPoll } from './poll.js'
import { createReading } from './reading.js'
import { removeList } from './removal.js'
import { parseRedisAddress } from './url.js'

export interface RedisLogStoreOptions {
  url: string
  /** Milliseconds a list is kept after its last append. */
  retention: number
  /** Milliseconds between looks at the watched lists, for writers that do not announce. */
  pollInterval: number
  /** The number of replicas that must have an append before it is answered. */
  wait?: number
  /** Called with what goes wrong between calls. */
  onFault?: (message: string, error?: unknown) => void
  /** Called when Redis answers again, with how long it did not (ms). */
  onBack?: (away: number) => void
  /** Called with each sentence about how Redis is set up that somebody should know of. */
  onRisk?: (sentence: string) => void
}

/**
 * The store on Redis: one List per node, as other programs know it.
 *
 * One connection for commands and one for listening. An append is one script: it checks, pushes,
 * renews the time to live and announces. Nothing that timed out is sent twice. The script refuses
 * to act after its deadline by Redis's own clock, so a command that waited in a frozen Redis does
 * not take effect long after its sender was told that it failed.
 */
export async function redisLogStore({
  url,
  retention,
  pollInterval,
  wait = 0,
  onFault = () => {},
  onBack = () => {},
  onRisk = () => {},
}: RedisLogStoreOptions): Promise<LogStore> {
  const address = parseRedisAddress(url)
  if (!address) throw new StorageUnavailable('not an address of Redis')
  const redis = connectionTo(address)
  const watchers = createWatchers(onFault)
  const health = createHealth(watchers, onBack)
  const sharded = address.kind === 'cluster'
  const commands = createCommands({ redis, sharded, health })
  const append = createAppend({ commands, retention, wait })
  const reading = createReading({ commands, retention })
  const listening = createListening({ address, redis, watchers, health, onFault })
  const poll = createPoll({
    commands,
    reading,
    watchers,
    health,
    interval: pollInterval,
    onUnannounced: listening.missed,
    onFault,
  })
  redis.on('error', (error) => onFault('redis', error))
  redis.on('close', health.cut)
  redis.on('ready', poll.recover)
  lookForRisks({ redis, wait, sharded, onRisk, onFault })
  // A failure to connect is reported by `ping`, as at any later time.
  await Promise.allSettled([redis.connect(), listening.connect()])
  await poll.look()
  poll.start()
  return {
    ...createReads(commands),
    read: reading.read,
    readBefore: reading.readBefore,
    append,
    owners: createOwners(commands),
    isRemote: true,
    watch: listening.watch,
    async close() {
      poll.stop()
      health.close()
      listening.close()
      redis.removeAllListeners('close')
      redis.disconnect()
    },
  }
}

function createReads(commands: Commands): Pick<LogStore, 'length' | 'offset' | 'remove' | 'ping'> {
  const { redis, attempt } = commands
  return {
    length: (nodeId) => attempt(() => redis.llen(keys.list(nodeId))),
    offset: async (nodeId, name) =>
      // As in the append: what is no number was not written by us.
      Number(await attempt(() => redis.hget(keys.offsets(nodeId), name))) || 0,
    remove: (nodeId) => attempt(() => removeList(commands, nodeId)),
    // A full Redis, or a replica, answers and takes nothing. So this writes.
    ping: () => attempt(async () => void (await redis.set(keys.probe, '', 'PX', 1000))),
  }
}
