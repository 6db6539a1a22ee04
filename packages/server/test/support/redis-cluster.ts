import { type RunningRedis, redisCli, startRedis, until } from './processes.js'

export interface RunningCluster {
  /** Masters and then their replicas, as they were at the start. */
  readonly nodes: readonly RunningRedis[]
  /** For `REDIS_URL`. */
  readonly url: string
  /** The one that has a key; one that is frozen must not be asked. */
  ownerOf(key: string, frozen?: RunningRedis): Promise<RunningRedis>
  /** Moves a key's slot to another master. */
  move(key: string, to: RunningRedis): Promise<void>
  /** The same in steps. */
  beginMove(key: string, to: RunningRedis): Promise<SlotMove>
}

export interface SlotMove {
  /** Moves those of the slot's keys that are wanted. */
  migrate(wanted: (key: string) => boolean): Promise<void>
  /** The slot is the new master's. */
  end(): Promise<void>
}

const TIMEOUT = '1000'

/** Three masters, each with a replica where these are asked for. */
export async function startCluster({ replicas = 0 } = {}): Promise<RunningCluster> {
  const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', TIMEOUT]
  const nodes = await Promise.all(
    Array.from({ length: 3 * (1 + replicas) }, () =>
      startRedis([...options, '--repl-diskless-sync-delay', '0', '--appendfsync', 'everysec'], {
        cluster: true,
      }),
    ),
  )
  const [first] = nodes as [RunningRedis]
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
  const made = await redisCli(first.port, [
    ...['--cluster', 'create', ...addresses],
    ...['--cluster-replicas', String(replicas), '--cluster-yes'],
  ])
  if (!made.includes('All 16384 slots covered')) throw new Error(`no Cluster was made: ${made}`)
  for (const { port } of nodes) {
    await until(`${port} to be part of the Cluster`, async () =>
      (await redisCli(port, ['CLUSTER', 'INFO'])).includes('cluster_state:ok'),
    )
  }
  if (replicas > 0) {
    for (const { port } of nodes.slice(0, 3)) {
      await until(`${port} to have its replica`, async () =>
        (await redisCli(port, ['INFO', 'replication'])).includes('state=online'),
      )
    }
  }
  return { nodes, url: `redis-cluster://${addresses.join(',')}`, ownerOf, move, beginMove }

  async function ownerOf(key: string, frozen?: RunningRedis): Promise<RunningRedis> {
    for (const node of nodes) {
      if (node === frozen) continue
      // Another one answers with MOVED; a replica too.
      const answer = await redisCli(node.port, ['EXISTS', key]).catch(() => 'MOVED')
      if (/^\d+\n$/.test(answer)) return node
    }
    throw new Error(`nobody has ${key}`)
  }

  async function move(key: string, to: RunningRedis): Promise<void> {
    const { migrate, end } = await beginMove(key, to)
    await migrate(() => true)
    await end()
  }

  async function beginMove(key: string, to: RunningRedis): Promise<SlotMove> {
    const from = await ownerOf(key)
    const slot = (await redisCli(from.port, ['CLUSTER', 'KEYSLOT', key])).trim()
    const [fromId, toId] = await Promise.all(
      [from, to].map(async ({ port }) => (await redisCli(port, ['CLUSTER', 'MYID'])).trim()),
    )
    await redisCli(to.port, ['CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(fromId)])
    await redisCli(from.port, ['CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(toId)])
    return {
      async migrate(wanted) {
        const found = await redisCli(from.port, ['CLUSTER', 'GETKEYSINSLOT', slot, '1000'])
        const keys = found.split('\n').filter((line) => line !== '' && wanted(line))
        const target = ['127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...keys]
        if (keys.length > 0) await redisCli(from.port, ['MIGRATE', ...target])
      },
      async end() {
        for (const { port } of [to, from]) {
          await redisCli(port, ['CLUSTER', 'SETSLOT', slot, 'NODE', String(toId)])
        }
      },
    }
  }
}
