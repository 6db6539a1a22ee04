import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { isOfHost, isSilence } from './faults.js'
import { type Host, type Hosts, refuseReadOnly } from './hosts.js'

export interface ConnectionsOptions {
  hosts: Hosts
  /** Of the driver's pool. */
  settings: pg.PoolConfig
  /** Milliseconds for a connection. 0 sets no limit. */
  timeout: number
  onFault: (message: string, error: unknown) => void
}

/** A pool of connections to whichever host is the primary. */
export interface Connections {
  /** A connection to a host that takes writes, within so many milliseconds. Each host is tried once. */
  connect(limit: number): Promise<pg.PoolClient>
  /** Called with each error of a connection: its host may not answer, or take no writes any more. */
  failed(client: pg.PoolClient, error: unknown): void
  /** True if a message's sender is one of these connections. */
  isOurs(processId: number): boolean
  end(): Promise<void>
}

export function createConnections(options: ConnectionsOptions): Connections {
  const { hosts, settings, timeout, onFault } = options
  const hostOf = new WeakMap<pg.ClientBase, Host>()
  const pool = new pg.Pool({
    ...settings,
    Client: connectingTo as unknown as typeof pg.Client,
    onConnect: (client) => refuseReadOnly(client, hostOf.get(client) as Host, timeout),
  })
  // Without a listener, a server that ends an idle connection would end this process.
  pool.on('error', (error) => onFault('an idle connection to PostgreSQL has ended', error))
  const processIds = new Set<number>()
  pool.on('connect', (client) => void processIds.add(processIdOf(client)))
  pool.on('remove', (client) => void processIds.delete(processIdOf(client)))
  return {
    connect,
    failed: (client, error) => failed(hostOf.get(client) as Host, error),
    isOurs: (processId) => processIds.has(processId),
    end: () => pool.end(),
  }

  /** One that is only slow, and the only one, is better served by the connections that there are. */
  function failed(host: Host, error: unknown): void {
    if (isOfHost(error) && (hosts.count > 1 || !isSilence(error))) hosts.failed(host)
  }

  /** `new` gives what a function returns. */
  function connectingTo(config: pg.ClientConfig): pg.Client {
    const host = hosts.current()
    const client = new pg.Client({ ...config, ...host.address })
    hostOf.set(client, host)
    return client
  }

  async function connect(limit: number): Promise<pg.PoolClient> {
    const begun = performance.now()
    for (let failures = 0; ; ) {
      const isFirst = failures === 0 || timeout === 0
      const left = isFirst ? limit : limit - (performance.now() - begun)
      try {
        const client = await connectWithin(left)
        if (hostOf.get(client) === hosts.current()) return client
        // What was connected before a failure may lead to a primary that is one no more.
        client.release(true)
      } catch (error) {
        failures += 1
        const isLate = timeout > 0 && performance.now() - begun >= limit
        if (failures >= hosts.count || isLate || !isOfHost(error)) throw error
      }
    }
  }

  async function connectWithin(limit: number): Promise<pg.PoolClient> {
    const host = hosts.current()
    const client = pool.connect()
    client.catch((error) => failed(host, error))
    // The pool itself waits for as long as the usual time-out.
    if (limit >= timeout) return client
    const late = sleep(Math.max(1, limit), 'late' as const, { ref: false })
    const first = await Promise.race([client, late])
    if (first !== 'late') return first
    // It goes back to the pool when it comes after all.
    client.then(
      (one) => one.release(),
      () => {},
    )
    throw new Error('no connection to PostgreSQL in time')
  }
}

function processIdOf(client: pg.PoolClient): number {
  return (client as unknown as { processID: number }).processID
}
