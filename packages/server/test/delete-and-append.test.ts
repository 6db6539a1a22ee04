import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listed, newNode } from './support/nodes.js'
import {
  endAll,
  type RunningRedis,
  type RunningServer,
  redisCli,
  startRedis,
  startServer,
  until,
} from './support/processes.js'
import { openRawBody } from './support/raw-body.js'

const ROUNDS = 60

let redis: RunningRedis
let servers: Record<'embedded' | 'redis' | 'another', RunningServer>

beforeAll(async () => {
  redis = await startRedis(['--appendonly', 'no'])
  const env = { REDIS_URL: redis.url, LAUNCHTAIL_LOG_LEVEL: 'error' }
  const [embedded, first, another] = await Promise.all([
    startServer(),
    startServer({ env }),
    startServer({ env }),
  ])
  servers = { embedded, redis: first, another }
})
afterAll(endAll)

describe.each(['embedded', 'redis'] as const)('a node that is deleted (%s)', (kind) => {
  it(`does not come back by what is sent in at that moment, in ${ROUNDS} rounds`, async () => {
    const server = servers[kind]
    const back: string[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const id = await newNode(server)
      await send(server, id)
      const sent = Array.from({ length: 8 }, () => send(server, id))
      const removal = remove(server, id)
      const later = Array.from({ length: 8 }, () => send(server, id))
      expect((await removal).status).toBe(204)
      for (const answer of await Promise.all([...sent, ...later])) {
        expect([202, 404]).toContain(answer.status)
      }
      const { status } = await server.fetch(`/admin/nodes/${id}/logs`)
      if (status !== 404) back.push(`round ${round}: ${status}`)
    }
    expect(back).toEqual([])
  })

  it('does not come back by output that goes on, whose sender is told', async () => {
    const server = servers[kind]
    const id = await newNode(server)
    const body = await openRawBody(server, `/admin/nodes/${id}/logs`)
    body.write('one\n')
    await until('the first line', async () => (await listed(server, id)).length === 1)
    expect((await remove(server, id)).status).toBe(204)
    body.write('two\n')
    expect((await body.answer()).status).toBe(404)
    expect((await server.fetch(`/admin/nodes/${id}/logs`)).status).toBe(404)
  })
})

describe('a node that is deleted while another server is sent its entries', () => {
  it(`leaves no list behind, in ${ROUNDS} rounds`, async () => {
    const left: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const id = await newNode(servers.redis)
      await send(servers.redis, id)
      const sent = Array.from({ length: 8 }, () => send(servers.another, id))
      const removal = remove(servers.redis, id)
      const later = Array.from({ length: 8 }, () => send(servers.another, id))
      expect((await removal).status).toBe(204)
      for (const answer of await Promise.all([...sent, ...later])) {
        expect([202, 404]).toContain(answer.status)
      }
      if ((await redisCli(redis.port, ['EXISTS', `node_logs:${id}`])) !== '0\n') left.push(round)
    }
    expect(left).toEqual([])
  })
})

function send(server: RunningServer, id: string): Promise<Response> {
  return server.post(`/admin/nodes/${id}/logs`, { message: 'hello' })
}

function remove(server: RunningServer, id: string): Promise<Response> {
  return server.fetch(`/admin/nodes/${id}`, { method: 'DELETE' })
}
