import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { plain } from './support/launch-scenarios.js'
import { task } from './support/launching.js'
import { listed } from './support/nodes.js'
import { ask } from './support/postgres.js'
import { endAll, type RunningServer, startServer, until } from './support/processes.js'
import { startReceiver } from './support/receiver.js'
import { startShared } from './support/shared.js'
import { type Double, startDouble } from './support/skypilot-double.js'
import { openStream } from './support/stream.js'
import { createToken } from './support/tokens.js'

const PAGE = 'https://pages.example'

let api: Double
let databaseUrl: string
let env: Record<string, string>
let one: RunningServer
let other: RunningServer

beforeAll(async () => {
  api = await startDouble({ scenario: plain({ gated: true }) })
  const shared = await startShared()
  databaseUrl = shared.env.DATABASE_URL
  env = {
    ...shared.env,
    LAUNCHTAIL_ORIGINS: PAGE,
    SKYPILOT_API_SERVER_ENDPOINT: api.url,
  }
  ;[one, other] = await Promise.all([startServer({ env }), startServer({ env })])
}, 60_000)
afterAll(async () => {
  await endAll()
  await api.close()
})

const auth = (server: RunningServer) => ({ 'X-Admin-Token': server.token })
const streamOf = (server: RunningServer, id: string, query = '') =>
  openStream(`${server.url}/admin/nodes/${id}/logs/stream${query}`, auth(server))

async function recordAt(server: RunningServer, id: string): Promise<Record<string, unknown>> {
  const answer = await server.fetch(`/admin/nodes/${id}`)
  return answer.ok ? ((await answer.json()) as Record<string, unknown>) : { status: answer.status }
}

function launch(server: RunningServer, node_id: string, headers = {}): Promise<Response> {
  const body = { node_id, provider: 'aws', region: 'x', gpu: 'H100', model: 'm/m' }
  return server.post('/admin/nodes/launch', body, headers)
}

async function terminated(server: RunningServer, id: string): Promise<void> {
  expect((await server.post(`/admin/nodes/${id}/terminate`, {})).status).toBe(202)
  await until(`${id} to be terminated`, async () => {
    return (await recordAt(one, id)).status === 'terminated'
  })
}

/** When the promise was fulfilled, in milliseconds from now on. */
async function after(done: Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await done
  return performance.now() - begun
}

describe('two servers with the same records', () => {
  it('know each other’s nodes, and the newest record of each', async () => {
    expect((await one.post('/admin/nodes', { node_id: 'shared', gpu: 'H100' })).status).toBe(201)
    expect(await recordAt(other, 'shared')).toMatchObject({ gpu: 'H100', phase: 'queued' })
    for (const [i, server] of [one, other, one, other].entries()) {
      const entry = { message: `by ${i}`, phase: i < 2 ? 'provisioning' : 'installing' }
      expect((await server.post('/admin/nodes/shared/logs', entry)).status).toBe(202)
      for (const asked of [other, one]) {
        expect(await recordAt(asked, 'shared')).toMatchObject({ message: `by ${i}` })
        const { nodes } = (await (await asked.fetch('/admin/nodes')).json()) as {
          nodes: { node_id: string; message: string }[]
        }
        expect(nodes.find(({ node_id }) => node_id === 'shared')?.message).toBe(`by ${i}`)
      }
    }
    expect((await other.post('/admin/nodes', { node_id: 'shared' })).status).toBe(409)
    const phases = (await recordAt(one, 'shared')).phases as { phase: string }[]
    expect(phases.map(({ phase }) => phase)).toEqual(['provisioning', 'installing'])
  })

  it('both write to one node at once, and its record has it all, once', async () => {
    await one.post('/admin/nodes', { node_id: 'busy' })
    const send = async (server: RunningServer, name: string) => {
      for (let i = 0; i < 50; i += 1) {
        const phase = i % 2 === 0 ? 'queued' : 'failed'
        await server.post('/admin/nodes/busy/logs', { message: `${name} ${i}`, phase })
      }
    }
    await Promise.all([send(one, 'a'), send(other, 'b')])
    expect(await listed(one, 'busy')).toHaveLength(100)
    await Promise.all([recordAt(one, 'busy'), recordAt(other, 'busy')])
    const [row] = await ask<{ folded: string }>(
      databaseUrl,
      `select folded from nodes where node_id = 'busy'`,
    )
    expect(Number(row?.folded)).toBe(100)
    // Each launch that has ended is counted once, whoever has stored it.
    const entries = (await (await one.fetch('/admin/nodes/busy/logs?tail=all')).json()) as {
      logs: { phase: string }[]
    }
    const ends = entries.logs.filter(
      ({ phase }, i) => phase === 'failed' && entries.logs[i - 1]?.phase !== 'failed',
    )
    const [history] = await ask<{ n: string }>(
      databaseUrl,
      `select count(*) as n from launch_history where node_id = 'busy'`,
    )
    expect(Number(history?.n)).toBe(ends.length)
  })

  it('tell the fleet’s readers of both what either changes', async () => {
    const fleet = await openStream(`${other.url}/admin/nodes/stream`, auth(other))
    await fleet.event('ready', ({ event }) => event === 'ready')
    await one.post('/admin/nodes', { node_id: 'seen' })
    await fleet.event('the new node', ({ data }) => data.node_id === 'seen')
    await one.post('/admin/nodes/seen/logs', { message: 'hello', phase: 'provisioning' })
    await fleet.event('its phase', ({ data }) => {
      return data.node_id === 'seen' && data.phase === 'provisioning'
    })
    expect((await one.fetch('/admin/nodes/seen', { method: 'DELETE' })).status).toBe(204)
    await fleet.event('its end', ({ event, data }) => {
      return event === 'deleted' && data.node_id === 'seen'
    })
    fleet.close()
  })

  it('tell a node’s readers of its deletion at the other within a second', async () => {
    await one.post('/admin/nodes', { node_id: 'deleted' })
    await one.post('/admin/nodes/deleted/logs', { message: 'hello', phase: 'provisioning' })
    const stream = await streamOf(other, 'deleted')
    await stream.event('the entry', ({ event }) => event === 'log')
    const told = after(stream.event('done', ({ event }) => event === 'done'))
    expect((await one.fetch('/admin/nodes/deleted', { method: 'DELETE' })).status).toBe(204)
    expect(await told).toBeLessThan(5000)
    expect(stream.events.at(-1)).toMatchObject({ event: 'done', data: { status: 'deleted' } })
    for (const server of [one, other]) {
      expect((await server.fetch('/admin/nodes/deleted')).status).toBe(404)
      expect((await server.post('/admin/nodes/deleted/logs', { message: 'late' })).status).toBe(404)
    }
  })

  it('terminate each other’s launches, delete them, and launch them again', async () => {
    expect((await launch(one, 'handed')).status).toBe(202)
    expect((await launch(other, 'handed')).status).toBe(409)
    expect((await other.fetch('/admin/nodes/handed', { method: 'DELETE' })).status).toBe(409)
    const stream = await streamOf(one, 'handed')
    await stream.event('a line of the launch', ({ data }) => /Launching on/.test(`${data.message}`))
    await terminated(other, 'handed')
    await stream.event('done', ({ event }) => event === 'done')
    expect(stream.events.at(-1)).toMatchObject({ data: { status: 'terminated' } })
    await until('the launch to be over', async () => (await launch(other, 'handed')).status === 202)
    expect(await recordAt(one, 'handed')).toMatchObject({ status: 'launching' })
    await terminated(one, 'handed')
    await until('the node to be deleted', async () => {
      return (await one.fetch('/admin/nodes/handed', { method: 'DELETE' })).status === 204
    })
    expect((await other.fetch('/admin/nodes/handed')).status).toBe(404)
  })

  it('launch once what both are asked for under one key', async () => {
    const headers = { 'Idempotency-Key': 'once' }
    const answers = await Promise.all(
      [one, other].map(async (server) => {
        const answer = await until('an answer', async () => {
          const answer = await launch(server, 'keyed', headers)
          // The first has not been answered yet.
          return answer.status !== 409 && answer
        })
        return { status: answer.status, body: await answer.json() }
      }),
    )
    expect(answers[0]?.status).toBe(202)
    expect(answers[1]).toEqual(answers[0])
    const [row] = await ask<{ n: string }>(
      databaseUrl,
      `select count(*) as n from launches where node_id = 'keyed'`,
    )
    expect(Number(row?.n)).toBe(1)
    await terminated(one, 'keyed')
  })

  it('tell a webhook once, whichever was told of it', async () => {
    const receiver = await startReceiver()
    const webhook = { url: receiver.url, events: ['launch.failed'], group: { wait: '0s' } }
    const made = await one.post('/admin/webhooks', webhook)
    expect(made.status).toBe(201)
    const { webhook_id } = (await made.json()) as { webhook_id: string }
    await other.post('/admin/nodes', { node_id: 'told' })
    await until('the other server to know it', async () => {
      const answer = await other.fetch(`/admin/webhooks/${webhook_id}`)
      return answer.ok
    })
    await sleep(200)
    await other.post('/admin/nodes/told/logs', { message: 'out of memory', phase: 'failed' })
    await receiver.messages(1)
    // Both have looked for what is due since then.
    await sleep(2500)
    expect(receiver.received).toHaveLength(1)
    const gone = await other.fetch(`/admin/webhooks/${webhook_id}`, { method: 'DELETE' })
    expect(gone.status).toBe(204)
  })

  it('find what was acknowledged at the other', async () => {
    await one.post('/admin/nodes', { node_id: 'searched' })
    await one.post('/admin/nodes/searched/logs', { message: 'a needle', phase: 'provisioning' })
    const found = (await (await other.fetch('/admin/logs?q=needle')).json()) as { count: number }
    expect(found.count).toBe(1)
    await one.fetch('/admin/nodes/searched', { method: 'DELETE' })
    await until('it to be forgotten', async () => {
      const left = (await (await other.fetch('/admin/logs?q=needle')).json()) as { count: number }
      return left.count === 0
    })
  })

  it('take each other’s stream tickets, and take them back', async () => {
    await one.post('/admin/nodes', { node_id: 'ticketed' })
    const made = await one.post('/admin/stream-tickets', { node_id: 'ticketed', origin: PAGE })
    const { ticket } = (await made.json()) as { ticket: string }
    const url = `${other.url}/admin/nodes/ticketed/logs/stream?ticket=${ticket}`
    const stream = await until('the ticket to be known', async () => {
      const opened = await openStream(url, { Origin: PAGE })
      return opened.response.ok && opened
    })
    const revoked = await one.post('/admin/stream-tickets/revoke', { node_id: 'ticketed' })
    expect(revoked.status).toBe(200)
    await stream.ended
    const again = await fetch(url, { headers: { Origin: PAGE } })
    expect(again.status).toBe(401)
  })

  it('take each other’s tokens, and close their streams when one of them revokes it', async () => {
    const { node_id: id } = (await (await one.post('/admin/nodes', {})).json()) as {
      node_id: string
    }
    const { token, token_id } = await createToken(one, { scopes: ['read'] })
    const url = `${other.url}/admin/nodes/${id}/logs/stream`
    const stream = await until('the token to be known', async () => {
      const opened = await openStream(url, { 'X-Admin-Token': token })
      return opened.response.ok && opened
    })
    expect((await one.fetch(`/admin/tokens/${token_id}`, { method: 'DELETE' })).status).toBe(204)
    // The goal is five seconds; a commit is told at once.
    expect(await after(stream.ended)).toBeLessThan(5000)
    expect((await fetch(url, { headers: { 'X-Admin-Token': token } })).status).toBe(401)
  })

  it('mask the secrets of a launch in whatever is sent in to the other', async () => {
    const secret = 'a-value-like-no-other'
    const body = { node_id: 'secretive', provider: 'aws', region: 'x', gpu: 'H100', model: 'm/m' }
    const asked = await one.post('/admin/nodes/launch', { ...body, secrets: { HF_TOKEN: secret } })
    expect(asked.status).toBe(202)
    const message = `it is ${secret}, and in base64 ${Buffer.from(secret).toString('base64')}`
    expect((await other.post('/admin/nodes/secretive/logs', { message })).status).toBe(202)
    expect(await listed(one, 'secretive')).toContain('it is ***, and in base64 ***')
    await terminated(other, 'secretive')
  })

  it('leave launches on a server’s own machine to that server', async () => {
    const body = { node_id: 'mine', provider: 'local', task: task({ run: 'exec sleep 300' }) }
    expect((await one.post('/admin/nodes/launch', body)).status).toBe(202)
    await until('the launch to run', async () => (await recordAt(other, 'mine')).phase !== 'queued')
    const dataDir = one.dataDir
    await one.kill()
    onTestFinished(async () => {
      one = await startServer({ env, dataDir })
      await terminated(other, 'mine')
    })
    await ask(databaseUrl, `update launches set leased_until = 0 where node_id = 'mine'`)
    // Longer than it takes to look for launches that nobody runs.
    await sleep(6000)
    expect(await recordAt(other, 'mine')).toMatchObject({ status: 'launching' })
  })

  it('carry on what the other ran when it is killed, and stand in for its duties', async () => {
    expect((await launch(one, 'taken')).status).toBe(202)
    const stream = await streamOf(other, 'taken')
    await stream.event('a line of the launch', ({ data }) => /Launching on/.test(`${data.message}`))
    const dataDir = one.dataDir
    await one.kill()
    for (const gate of ['provisioning', 'loading']) api.pass(gate)
    await until(
      'the launch to go on',
      async () => (await recordAt(other, 'taken')).status === 'active',
      40_000,
    )
    await stream.event('done', ({ event }) => event === 'done')
    const messages = await listed(other, 'taken')
    const steps = messages.filter((message) => message.startsWith('step '))
    expect(steps).toEqual(Array.from({ length: 20 }, (_, i) => `step ${i}`))
    expect(api.launched.filter((name) => name.endsWith('taken'))).toHaveLength(1)
    await until(
      'the duties to be taken over',
      async () => {
        const rows = await ask<{ held: boolean; owner: string }>(
          databaseUrl,
          'select owner, leased_until > extract(epoch from now()) * 1000 as held from duties',
        )
        return rows.length === 2 && rows.every(({ held }) => held)
      },
      40_000,
    )
    one = await startServer({ env, dataDir })
    await terminated(one, 'taken')
  }, 120_000)
})
