import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { redisLogStore } from '../src/logs/redis/store.js'
import { task } from './support/launching.js'
import {
  endAll,
  type RunningRedis,
  type RunningServer,
  redisCli,
  startRedis,
  startServer,
  until,
} from './support/processes.js'

let redis: RunningRedis
let owner: RunningServer
let other: RunningServer

beforeAll(async () => {
  redis = await startRedis()
  const env = { REDIS_URL: redis.url, LAUNCHTAIL_LOG_LEVEL: 'error' }
  ;[owner, other] = await Promise.all([startServer({ env }), startServer({ env })])
})
afterAll(endAll)

describe('two servers on one Redis, each with its own records', () => {
  it('refuse to launch, create, terminate or delete a node of the other, and name it', async () => {
    expect((await launch(owner, 'launched')).status).toBe(202)
    expect((await owner.post('/admin/nodes', { node_id: 'created' })).status).toBe(201)
    for (const id of ['launched', 'created']) {
      for (const act of [launch, create, terminate, remove]) {
        const answer = await act(other, id)
        const { error } = (await answer.json()) as { error: { message: string } }
        expect([act.name, answer.status, error.message]).toEqual([
          act.name,
          409,
          expect.stringMatching(`^node ${id} belongs to the server at ${owner.url} on \\S+; send`),
        ])
      }
    }
    // Nothing has happened to them, and their logs are everybody's.
    expect((await owner.fetch('/admin/nodes/launched')).status).toBe(200)
    await owner.post('/admin/nodes/created/logs', { message: 'by its own' })
    const sent = await other.post('/admin/nodes/created/logs', { message: 'by another server' })
    expect(sent.status).toBe(202)
    await owner.post('/admin/nodes/launched/terminate', {})
    await until('the launch to end', async () => (await remove(owner, 'launched')).status === 204)
    expect((await remove(owner, 'created')).status).toBe(204)
  })

  it('may have a node that the other has deleted', async () => {
    await create(owner, 'handed-over')
    expect((await create(other, 'handed-over')).status).toBe(409)
    expect((await remove(owner, 'handed-over')).status).toBe(204)
    expect((await create(other, 'handed-over')).status).toBe(201)
    expect((await terminate(owner, 'handed-over')).status).toBe(409)
  })

  it('make no list again that the owner has removed, until the node is created again', async () => {
    const store = await redisLogStore({ url: redis.url, retention: 60_000, pollInterval: 60_000 })
    onTestFinished(() => store.close())
    await store.append('removed', ['one'])
    await store.remove('removed')
    const how = { unlessRemoved: true }
    expect(await store.append('removed', ['late'], how)).toEqual({ outcome: 'removed' })
    expect(await store.length('removed')).toBe(0)
    expect((await create(other, 'removed')).status).toBe(201)
    const stored = { outcome: 'stored', index: 0 }
    expect(await store.append('removed', ['new'], how)).toEqual(stored)
    // A list that another program has made is there to be continued.
    await store.remove('removed')
    await redisCli(redis.port, ['RPUSH', 'node_logs:removed', 'foreign'])
    expect((await store.append('removed', ['ours'], how)).outcome).toBe('stored')
  })

  it('lose their nodes ten minutes after their last sign of life, and not before', async () => {
    await create(owner, 'left-behind')
    await owner.kill()
    onTestFinished(async () => void (await terminate(other, 'left-behind')))
    expect((await terminate(other, 'left-behind')).status).toBe(409)
    // Of each server there is one key, and the node's names it.
    const name = await redisCli(redis.port, ['GET', 'launchtail:{node_logs:left-behind}:owner'])
    const key = `launchtail:server:${name.trim()}`
    const left = Number(await redisCli(redis.port, ['PTTL', key]))
    expect(left).toBeGreaterThan(8 * 60_000)
    expect(left).toBeLessThanOrEqual(10 * 60_000)
    await redisCli(redis.port, ['PEXPIRE', key, '1'])
    await until('the owner to be given up', async () => {
      return (await launch(other, 'left-behind')).status === 202
    })
    // Whoever comes back finds that its node is another server's by now.
    const env = { REDIS_URL: redis.url, LAUNCHTAIL_LOG_LEVEL: 'error' }
    owner = await startServer({ dataDir: owner.dataDir, env })
    expect((await terminate(owner, 'left-behind')).status).toBe(409)
  })

  it('both may act on a node that only another program knows', async () => {
    const entry = JSON.stringify({ timestamp: new Date().toISOString(), level: 'info' })
    const third = await startServer({ env: { REDIS_URL: redis.url } })
    for (const server of [other, third]) {
      await redisCli(redis.port, [
        'RPUSH',
        'node_logs:foreign',
        entry.replace('}', ',"message":"x","phase":"queued"}'),
      ])
      expect((await terminate(server, 'foreign')).status).toBe(202)
      expect((await remove(server, 'foreign')).status).toBe(204)
    }
  })
})

function launch(server: RunningServer, node_id: string): Promise<Response> {
  const body = { node_id, provider: 'local', task: task({ run: 'exec sleep 300' }) }
  return server.post('/admin/nodes/launch', body)
}

function create(server: RunningServer, node_id: string): Promise<Response> {
  return server.post('/admin/nodes', { node_id })
}

function terminate(server: RunningServer, id: string): Promise<Response> {
  return server.fetch(`/admin/nodes/${id}/terminate`, { method: 'POST' })
}

function remove(server: RunningServer, id: string): Promise<Response> {
  return server.fetch(`/admin/nodes/${id}`, { method: 'DELETE' })
}
