import { setTimeout as sleep } from 'node:timers/promises'
import {
  type RunningRedis,
  redisCli,
  startRedis,
  startReplica,
  startSentinel,
  until,
} from '../support/processes.js'
import { startCluster } from '../support/redis-cluster.js'

export type RedisKind = 'alone' | 'sentinel' | 'cluster'

/** Redis as a fleet has it, and what can befall it. */
export interface FleetRedis {
  /** For `REDIS_URL`. */
  readonly url: string
  /** Of one that can be asked; of the first master at the start. */
  readonly port: number
  /** How many replicas must have an append before it is acknowledged. */
  readonly wait: number
  /** A master is killed, and started again after so many milliseconds. */
  kill(ms: number, random: () => number): Promise<void>
  /** The same for one that is suspended. */
  freeze(ms: number, random: () => number): Promise<void>
}

/** Milliseconds that a master must be away for another one to take over. */
const TAKE_OVER = 4000

export async function startFleetRedis(kind: RedisKind): Promise<FleetRedis> {
  if (kind === 'alone') return alone()
  return kind === 'sentinel' ? withSentinel() : inCluster()
}

async function alone(): Promise<FleetRedis> {
  const redis = await startRedis()
  return {
    url: redis.url,
    port: redis.port,
    wait: 0,
    kill: (ms) => killed(redis, ms),
    freeze: (ms) => frozen(redis, ms),
  }
}

async function withSentinel(): Promise<FleetRedis> {
  const master = await startRedis(['--repl-diskless-sync-delay', '0'])
  const replica = await startReplica(master)
  const { url } = await startSentinel(master)
  return { url, port: master.port, wait: 1, ...failingOver([master, replica]) }
}

async function inCluster(): Promise<FleetRedis> {
  const { nodes, url } = await startCluster({ replicas: 1 })
  const [first] = nodes as [RunningRedis]
  return { url, port: first.port, wait: 1, ...failingOver(nodes) }
}

/** Each fault lasts until another one has taken over, and ends when that has its replica again. */
function failingOver(nodes: readonly RunningRedis[]): Pick<FleetRedis, 'kill' | 'freeze'> {
  return {
    kill: (ms, random) => hit(random, (master) => killed(master, ms + TAKE_OVER)),
    freeze: (ms, random) => hit(random, (master) => frozen(master, ms + TAKE_OVER)),
  }

  async function hit(
    random: () => number,
    fault: (master: RunningRedis) => Promise<void>,
  ): Promise<void> {
    const masters = []
    for (const node of nodes) if (await isMaster(node)) masters.push(node)
    const master = masters[Math.floor(random() * masters.length)]
    if (master) await fault(master)
    await until('each master to have its replica', () => isWhole(nodes), 60_000)
  }
}

async function isMaster({ port }: RunningRedis): Promise<boolean> {
  return (await redisCli(port, ['ROLE'])).startsWith('master')
}

async function isWhole(nodes: readonly RunningRedis[]): Promise<boolean> {
  const all = await Promise.all(nodes.map(({ port }) => redisCli(port, ['INFO', 'replication'])))
  return all.every((text) => /state=online|master_link_status:up/.test(text))
}

async function killed(redis: RunningRedis, ms: number): Promise<void> {
  await redis.kill()
  await sleep(ms)
  await redis.restart()
}

async function frozen(redis: RunningRedis, ms: number): Promise<void> {
  redis.signal('SIGSTOP')
  await sleep(ms)
  redis.signal('SIGCONT')
}
