import { afterAll, describe, expect, it } from 'vitest'
import { recordOf, startLaunches } from './faults/launches.js'
import { TOLD_EVENTS, wronglyTold } from './faults/told.js'
import { ask, type RunningPostgres, startPostgres, startStandby } from './support/postgres.js'
import { endAll, type RunningServer, startRedis, startServer, until } from './support/processes.js'
import { startProxy } from './support/proxy.js'
import { startReceiver } from './support/receiver.js'
import { openStream } from './support/stream.js'

afterAll(endAll)

/** A primary with a standby that has every commit, and a database on both. */
async function startPair() {
  const primary = await startPostgres()
  const name = (await primary.create()).split('/').at(-1) as string
  return { primary, standby: await startStandby(primary), name }
}

/** Two servers that share their records at an address. */
async function startServers(address: string): Promise<RunningServer[]> {
  const redis = await startRedis()
  const env = {
    DATABASE_URL: address,
    REDIS_URL: redis.url,
    LAUNCHTAIL_SECRETS_KEY: Buffer.alloc(32, 5).toString('base64'),
  }
  return Promise.all([startServer({ env }), startServer({ env })])
}

/** Creates one node after the other at both; those that were acknowledged. */
function createNodes(servers: readonly RunningServer[]) {
  const created: string[] = []
  let isOver = false
  const creating = Promise.all(
    servers.map(async (server, at) => {
      for (let n = 0; !isOver; n += 1) {
        const node_id = `made-${at}-${n}`
        // A busy machine may cut a connection.
        const answer = await server.post('/admin/nodes', { node_id }).catch(() => undefined)
        await answer?.text()
        if (answer?.status === 201) created.push(node_id)
        else if (answer) expect(answer.status).toBe(503)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }),
  )
  return {
    created,
    async stop() {
      isOver = true
      await creating
    },
  }
}

async function untilBothCreate(servers: readonly RunningServer[], what: string): Promise<number> {
  const begun = performance.now()
  for (const [at, server] of servers.entries()) {
    await until(
      `server ${at} to store records`,
      async () => {
        const answer = await server.post('/admin/nodes', { node_id: `${what}-${at}` })
        return answer.status === 201
      },
      30_000,
    )
  }
  return Math.round(performance.now() - begun)
}

describe('servers with two hosts in their DATABASE_URL', () => {
  it('store on the standby once it is promoted, have all that was acknowledged, and tell each phase once', async () => {
    const { primary, standby, name } = await startPair()
    const hosts = [standby, primary].map(({ port }) => `127.0.0.1:${port}`)
    const servers = await startServers(
      `postgres://launchtail@${hosts}/${name}?target_session_attrs=read-write`,
    )
    const [one] = servers as [RunningServer]
    const receiver = await startReceiver()
    const webhook = { url: receiver.url, events: TOLD_EVENTS }
    expect((await one.post('/admin/webhooks', webhook)).status).toBe(201)
    const nodeIds = ['l-1', 'l-2', 'l-3']
    for (const node_id of nodeIds) await one.post('/admin/nodes', { node_id })
    const launches = startLaunches({ url: one.url, nodeIds, rate: 60, phaseFor: 700 })
    const making = createNodes(servers)
    await until('some records', () => making.created.length > 10, 30_000)

    await primary.kill()
    await until('launches to go on without records', () => {
      const [first] = launches.written.values()
      return (first?.length ?? 0) > 60
    })
    const before = making.created.length
    await standby.promote()
    console.info(`${await untilBothCreate(servers, 'after')} ms to the first records`)
    await until('more records', () => making.created.length > before + 10, 30_000)
    await Promise.all([making.stop(), launches.stop()])

    const rows = await ask<{ node_id: string }>(standby.url(name), 'select node_id from nodes')
    const stored = new Set(rows.map(({ node_id }) => node_id))
    expect(making.created.filter((id) => !stored.has(id))).toEqual([])
    const isTold = () => wronglyTold(receiver.received, launches.written).length === 0
    await until('each phase to be told', isTold, 30_000).catch(() => {})
    expect(wronglyTold(receiver.received, launches.written)).toEqual([])
    for (const [nodeId, lines] of launches.written) {
      const record = await (await servers[1]?.fetch(`/admin/nodes/${nodeId}`))?.json()
      expect(record).toMatchObject(recordOf(lines))
    }
  }, 120_000)

  it('leave a primary that is frozen, and do not come back to it when it wakes', async () => {
    const { primary, standby, name } = await startPair()
    const hosts = [primary, standby].map(({ port }) => `127.0.0.1:${port}`)
    const servers = await startServers(`postgres://launchtail@${hosts}/${name}`)
    primary.signal('SIGSTOP')
    await untilRefused(servers)
    await standby.promote()
    await untilBothCreate(servers, 'elsewhere')
    primary.signal('SIGCONT')
    await untilBothCreate(servers, 'still-elsewhere')
    await untilHeard(servers)
    const created = (where: RunningPostgres) =>
      ask(where.url(name), `select 1 from nodes where node_id like '%elsewhere%'`)
    expect(await created(standby)).toHaveLength(4)
    expect(await created(primary)).toEqual([])
  }, 120_000)
})

describe('servers with an address that follows the primary', () => {
  it('make their connections anew when the primary takes no writes any more', async () => {
    const { primary, standby, name } = await startPair()
    const address = await startProxy(primary.port)
    const servers = await startServers(`postgres://launchtail@127.0.0.1:${address.port}/${name}`)
    await untilBothCreate(servers, 'before')
    await ask(primary.url('postgres'), 'alter system set default_transaction_read_only = on')
    await ask(primary.url('postgres'), 'select pg_reload_conf()')
    await untilRefused(servers)
    await standby.promote()
    address.redirect(standby.port)
    await untilBothCreate(servers, 'after')
    await untilHeard(servers)
    const rows = await ask(standby.url(name), `select 1 from nodes where node_id like '%er-_'`)
    expect(rows).toHaveLength(2)
  }, 120_000)
})

async function untilRefused(servers: readonly RunningServer[]): Promise<void> {
  for (const server of servers) {
    await until('a record to be refused', async () => {
      return (await server.post('/admin/nodes', {})).status === 503
    })
  }
}

/** What one stores is told to the other's readers, which it can be by the primary alone. */
async function untilHeard([one, other]: readonly RunningServer[]): Promise<void> {
  if (!one || !other) throw new Error('two servers are needed')
  const fleet = await openStream(`${one.url}/admin/nodes/stream`, { 'X-Admin-Token': one.token })
  await fleet.event('ready', ({ event }) => event === 'ready')
  expect((await other.post('/admin/nodes', { node_id: 'heard' })).status).toBe(201)
  await fleet.event('the new node', ({ data }) => data.node_id === 'heard')
  fleet.close()
}
