import { backOff } from '@launchtail/client/async'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { COMMAND_TIMEOUT } from './time-out.js'
import type { RedisAddress } from './url.js'

/** A command is sent once or refused at once; its caller decides whether to retry. */
const ONCE = {
  connectTimeout: COMMAND_TIMEOUT,
  commandTimeout: COMMAND_TIMEOUT,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // A Redis that loads its data says how long that may take, and is often done long before.
  maxLoadingRetryTime: 500,
  // It would need a right more, which Redis before 7.2 does not know.
  disableClientInfo: true,
} satisfies RedisOptions

/**
 * After a failover the old master is a replica, and a new connection finds the new master. At most
 * once a second, because one that stays a replica can still be read.
 */
function whenReadOnly(): (error: Error) => boolean {
  let last = Number.NEGATIVE_INFINITY
  return ({ message }) => {
    const now = performance.now()
    if (!message.startsWith('READONLY') || now - last < 1000) return false
    last = now
    return true
  }
}

const retryStrategy = (attempts: number) => backOff(attempts, { first: 50, longest: 1000 })

/** A connection that is not connected yet. */
export function connectionTo(address: RedisAddress): Redis {
  const options = {
    ...ONCE,
    retryStrategy,
    reconnectOnError: whenReadOnly(),
    lazyConnect: true,
    enableOfflineQueue: false,
  }
  if (address.kind === 'single') return new Redis(address.url, options)
  const { kind, hosts, name, username, password } = address
  const account = { ...(username && { username }), ...(password && { password }) }
  if (kind === 'sentinel') {
    const sentinels = hosts.map((host) => ({ ...host }))
    return new Redis({
      ...options,
      ...account,
      sentinels,
      name,
      sentinelRetryStrategy: retryStrategy,
    })
  }
  const cluster = new Cluster(
    hosts.map((host) => ({ ...host })),
    {
      lazyConnect: true,
      // Connections are made when they are needed; the caller bounds the wait for one.
      enableOfflineQueue: true,
      redisOptions: { ...ONCE, reconnectOnError: whenReadOnly(), ...account },
      slotsRefreshTimeout: COMMAND_TIMEOUT,
      slotsRefreshInterval: 2000,
      clusterRetryStrategy: retryStrategy,
      clusterNodeRetryStrategy: retryStrategy,
      // A command that was on its way when its connection ended may have been carried out.
      retryDelayOnFailover: 0,
      maxRedirections: 8,
    },
  )
  // It has the same commands; each goes to the node that has its key.
  return cluster as unknown as Redis
}

/** `host:port` of each master of a Cluster that is known by now. */
export function mastersOf(commands: Redis): string[] {
  const cluster: unknown = commands
  if (!(cluster instanceof Cluster)) return []
  return cluster.nodes('master').map(({ options }) => `${options.host}:${options.port}`)
}

/** A connection to one master of a Cluster, for listening. It does not reconnect. */
export function connectionToNode(address: RedisAddress, host: string, port: number): Redis {
  const { username, password } = address.kind === 'cluster' ? address : {}
  return new Redis({
    ...ONCE,
    ...(username && { username }),
    ...(password && { password }),
    host,
    port,
    lazyConnect: true,
    retryStrategy: () => null,
  })
}
