import { setTimeout as sleep } from 'node:timers/promises'
import type { Fleet } from './fleet.js'

/** Something bad that happens to a fleet. Ends when it is over. */
export type Fault = (fleet: Fleet, random: () => number) => Promise<void>

const between = (random: () => number, from: number, to: number) =>
  Math.round(from + random() * (to - from))

/** By what they are called in the output. */
export const FAULTS: Record<string, Fault> = {
  async 'a server is killed, and started again'(fleet, random) {
    const at = one(fleet, random)
    await fleet.replicas[at]?.kill()
    await sleep(between(random, 100, 2000))
    await fleet.restart(at)
  },
  async 'a server is stopped, and started again'(fleet, random) {
    const at = one(fleet, random)
    await fleet.replicas[at]?.stop()
    await fleet.restart(at)
  },
  async 'a server is frozen'(fleet, random) {
    const server = fleet.replicas[one(fleet, random)]
    if (server) await frozen(server, between(random, 500, 4000))
  },
  async 'Redis is killed, and started again'({ redis }, random) {
    await redis.kill(between(random, 100, 1500), random)
  },
  async 'Redis is frozen'({ redis }, random) {
    await redis.freeze(between(random, 500, 3000), random)
  },
  async 'PostgreSQL is killed, and started again'({ postgres }, random) {
    await killed(postgres, between(random, 100, 1500))
  },
  async 'PostgreSQL is frozen'({ postgres }, random) {
    await frozen(postgres, between(random, 500, 3000))
  },
  async 'all connections are cut'({ balancer }) {
    balancer.cut()
  },
  async 'each connection is cut after some bytes'({ balancer }, random) {
    balancer.cutAfter(between(random, 200, 20_000))
    balancer.cut()
    await sleep(between(random, 1000, 3000))
    balancer.cutAfter(Number.POSITIVE_INFINITY)
    balancer.cut()
  },
  async 'the network is frozen'({ balancer }, random) {
    await balancer.freeze(between(random, 500, 4000))
  },
  async 'what the servers say is lost'({ balancer }, random) {
    await balancer.silence(between(random, 500, 4000))
  },
  async 'an answer is lost'({ balancer }) {
    balancer.loseAnswer()
  },
}

function one({ replicas }: Fleet, random: () => number): number {
  return Math.floor(random() * replicas.length)
}

interface Killable {
  kill(): Promise<void>
  restart(): Promise<void>
}

async function killed(process: Killable, ms: number): Promise<void> {
  await process.kill()
  await sleep(ms)
  await process.restart()
}

async function frozen(process: { signal(name: NodeJS.Signals): void }, ms: number): Promise<void> {
  process.signal('SIGSTOP')
  await sleep(ms)
  process.signal('SIGCONT')
}
