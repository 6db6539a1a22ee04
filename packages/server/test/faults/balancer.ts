import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A plain TCP balancer in front of servers, and a wire that can be harmed. */
export interface Balancer {
  readonly url: string
  /** Cuts all connections. */
  cut(): void
  /** From now on, each new connection is cut when so many bytes have gone back to the client. */
  cutAfter(bytes: number): void
  /** Nothing goes through for so many milliseconds. */
  freeze(ms: number): Promise<void>
  /** What the servers say is dropped for so many milliseconds, and then their connections are reset. */
  silence(ms: number): Promise<void>
  /** The next answer of a server is lost, and its connection with it: what it did stays done. */
  loseAnswer(): void
  /** How many connections each server has been given, by second of the clock. */
  given(): ReadonlyMap<number, ReadonlyMap<number, number>>
  close(): Promise<void>
}

interface Pair {
  readonly client: Socket
  readonly upstream: Socket
}

/** Connections that may wait to be accepted: thousands of readers come again at once. */
const BACKLOG = 4096
/** Milliseconds between two looks at who is ready. */
const LOOK_EVERY = 100

/** Gives each connection to the next server that says it is ready. */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const pairs = new Set<Pair>()
  const given = new Map(ports.map((port) => [port, new Map<number, number>()]))
  const ready = new Set(ports)
  let next = 0
  let limit = Number.POSITIVE_INFINITY
  let isFrozen = false
  let isSilent = false
  let isNextLost = false
  let isOver = false
  const server = createServer((client) => accept(client)).listen({
    port: 0,
    host: '127.0.0.1',
    backlog: BACKLOG,
  })
  await once(server, 'listening')
  const looking = Promise.all(ports.map(look))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    cut,
    cutAfter(bytes) {
      limit = bytes
    },
    async freeze(ms) {
      isFrozen = true
      for (const pair of pairs) pause(pair)
      await sleep(ms)
      isFrozen = false
      for (const pair of pairs) resume(pair)
    },
    async silence(ms) {
      isSilent = true
      const deaf = [...pairs]
      await sleep(ms)
      isSilent = false
      // A stream with a hole in it would be no fault of a server's.
      for (const pair of deaf) close(pair)
    },
    loseAnswer() {
      isNextLost = true
    },
    given: () => given,
    async close() {
      isOver = true
      server.close()
      cut()
      await looking
    },
  }

  /** At each by itself: one that is slow to answer must not hide what another one says. */
  async function look(target: number): Promise<void> {
    for (; !isOver; await sleep(LOOK_EVERY)) {
      if (await isReady(target)) ready.add(target)
      else ready.delete(target)
    }
  }

  /** Tries one after the other of those that are ready. */
  function accept(client: Socket, tries = 0): void {
    if (tries === 0) client.on('error', () => client.destroy())
    if (tries === ports.length || client.destroyed) return void client.destroy()
    const from = ready.size > 0 ? [...ready] : ports
    const target = from[next++ % from.length] as number
    const again = () => accept(client, tries + 1)
    const upstream = connect(target, '127.0.0.1', () => {
      upstream.off('error', again)
      count(target)
      join({ client, upstream })
    })
    upstream.once('error', again)
  }

  function count(target: number): void {
    const seconds = given.get(target) as Map<number, number>
    const second = Math.floor(Date.now() / 1000)
    seconds.set(second, (seconds.get(second) ?? 0) + 1)
  }

  function join(pair: Pair): void {
    const { client, upstream } = pair
    pairs.add(pair)
    let left = limit
    if (isFrozen) pause(pair)
    client.on('data', (bytes) => upstream.write(bytes))
    upstream.on('data', (bytes) => {
      if (isSilent) return
      if (isNextLost) {
        isNextLost = false
        return close(pair)
      }
      const through = bytes.subarray(0, left)
      left -= through.length
      if (left > 0) client.write(through)
      else {
        client.end(through)
        upstream.destroy()
      }
    })
    client.on('end', () => upstream.end())
    upstream.on('end', () => client.end())
    upstream.on('error', () => close(pair))
    client.on('close', () => close(pair))
    upstream.on('close', () => {
      pairs.delete(pair)
      client.end()
    })
  }

  function cut(): void {
    for (const pair of pairs) close(pair)
  }
}

function pause({ client, upstream }: Pair): void {
  client.pause()
  upstream.pause()
}

function resume({ client, upstream }: Pair): void {
  client.resume()
  upstream.resume()
}

function close({ client, upstream }: Pair): void {
  client.destroy()
  upstream.destroy()
}

async function isReady(port: number): Promise<boolean> {
  const signal = AbortSignal.timeout(1000)
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal }).catch(() => undefined)
  await answer?.text().catch(() => '')
  return answer?.status === 200
}
