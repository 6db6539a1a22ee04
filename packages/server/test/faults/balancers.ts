import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { atEnd, end } from '../support/processes.js'
import { FROM_SOURCES } from '../support/program.js'
import type { Given } from './balancer-process.js'

/** Balancers in front of the same servers, each a process of its own. */
export interface Balancers {
  readonly ports: readonly number[]
  /** Cuts all connections. */
  cut(): void
  /** The most connections that one server was given within a second, from then on (by the clock, in milliseconds). */
  mostGiven(since: number): Promise<number>
}

const PROGRAM = fileURLToPath(new URL('./balancer-process.ts', import.meta.url))

export async function startBalancers(
  servers: readonly number[],
  count: number,
): Promise<Balancers> {
  const children = Array.from({ length: count }, () =>
    fork(PROGRAM, servers.map(String), { execArgv: FROM_SOURCES }),
  )
  for (const child of children) atEnd(() => end(child))
  const urls = await Promise.all(children.map((child) => told<string>(child)))
  return {
    ports: urls.map((url) => Number(new URL(url).port)),
    cut() {
      for (const child of children) child.send('cut')
    },
    async mostGiven(since) {
      const given = await Promise.all(children.map((child) => ask(child)))
      const sums = new Map<string, number>()
      for (const [port, second, connections] of given.flat()) {
        if (second * 1000 < since) continue
        const key = `${port} ${second}`
        sums.set(key, (sums.get(key) ?? 0) + connections)
      }
      return Math.max(0, ...sums.values())
    },
  }
}

function ask(child: ChildProcess): Promise<readonly Given[]> {
  const answer = told<readonly Given[]>(child)
  child.send('given')
  return answer
}

async function told<T>(child: ChildProcess): Promise<T> {
  const [message] = await once(child, 'message')
  return message as T
}
