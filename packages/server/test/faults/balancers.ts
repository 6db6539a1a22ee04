import { type LoadProgram, startLoad } from './load-program.js'

/** TCP balancers in front of the same servers, each a process of its own: bench/load/balance.c. */
export interface Balancers {
  readonly ports: readonly number[]
  readonly pids: readonly number[]
  /** Cuts all connections. */
  cut(): void
  /** The most connections that one server was given within a second, from then on (by the clock, in milliseconds). */
  mostGiven(since: number): Promise<number>
}

/** `connections` is how many each must be able to have: two descriptors for each. */
export async function startBalancers(
  servers: readonly number[],
  { count, connections }: { count: number; connections: number },
): Promise<Balancers> {
  const options = { servers: servers.join(','), readers: connections }
  const programs: LoadProgram[] = []
  const ports: number[] = []
  for (let i = 0; i < count; i += 1) {
    const program = await startLoad('balance', options)
    programs.push(program)
    ports.push((await program.next<{ port: number }>('listening')).port)
  }
  return {
    ports,
    pids: programs.map(({ child }) => child.pid as number),
    cut() {
      for (const { order } of programs) order('cut')
    },
    async mostGiven(since) {
      const sums = new Map<string, number>()
      for (const { next, order } of programs) {
        const answer = next<{ given: (readonly [number, number, number])[] }>('given')
        order('given')
        for (const [port, second, connections] of (await answer).given) {
          if (second * 1000 < since) continue
          const key = `${port} ${second}`
          sums.set(key, (sums.get(key) ?? 0) + connections)
        }
      }
      return Math.max(0, ...sums.values())
    },
  }
}
