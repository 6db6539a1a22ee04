import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endAll, type RunningServer, redisCli, startServer, until } from './support/processes.js'
import { type RunningCluster, startCluster } from './support/redis-cluster.js'
import { type OpenedStream, openStream } from './support/stream.js'

let cluster: RunningCluster
let writing: RunningServer
let reading: RunningServer

beforeAll(async () => {
  cluster = await startCluster({ replicas: 1 })
  // What is to be seen comes by announcements: the polls are too rare to bring it.
  const env = { REDIS_URL: cluster.url, LAUNCHTAIL_POLL_INTERVAL: '60s' }
  const one = { ...env, LAUNCHTAIL_REDIS_WAIT: '1', LAUNCHTAIL_LOG_LEVEL: 'error' }
  ;[writing, reading] = await Promise.all([startServer({ env: one }), startServer({ env })])
}, 60_000)

afterAll(async () => {
  await Promise.all([writing?.stop(), reading?.stop()])
  await endAll()
})

async function newNodes(count: number): Promise<string[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const answer = await writing.post('/admin/nodes', {})
      expect(answer.status).toBe(201)
      const { node_id: id } = (await answer.json()) as { node_id: string }
      // Known to the other process by its list, for they share no database.
      expect(await append(id, 'first')).toBe(202)
      return id
    }),
  )
}

async function append(id: string, message: string): Promise<number> {
  const headers = { 'Idempotency-Key': message.replaceAll(' ', '-') }
  const answer = await writing.post(`/admin/nodes/${id}/logs`, { message }, headers)
  await answer.arrayBuffer()
  return answer.status
}

function open(id: string): Promise<OpenedStream> {
  const url = `${reading.url}/admin/nodes/${id}/logs/stream?tail=all`
  return openStream(url, { 'X-Admin-Token': reading.token })
}

async function insist(id: string, message: string): Promise<void> {
  await until(`${message} to be taken`, async () => (await append(id, message)) === 202, 30_000)
}

describe('a Cluster', () => {
  it('has the nodes’ lists on all its masters, and readers hear of each append', async () => {
    const ids = await newNodes(12)
    const owners = await Promise.all(ids.map((id) => cluster.ownerOf(`node_logs:${id}`)))
    expect(new Set(owners).size).toBe(3)
    const readers = await Promise.all(ids.map(open))
    await until('all to have the first entry', () =>
      readers.every((reader) => reader.messages().length === 1),
    )
    const messages = Array.from({ length: 20 }, (_, i) => `entry ${i}`)
    for (const message of messages) {
      await Promise.all(ids.map(async (id) => expect(await append(id, message)).toBe(202)))
    }
    await until('all to have all', () =>
      readers.every((reader) => reader.messages().length === messages.length + 1),
    )
    for (const reader of readers) expect(reader.messages()).toEqual(['first', ...messages])
    const channels = await Promise.all(
      owners.map(async ({ port }) => redisCli(port, ['PUBSUB', 'SHARDCHANNELS'])),
    )
    ids.forEach((id, i) => {
      expect(channels[i]).toContain(`node_logs:${id}`)
    })

    for (const reader of readers) reader.close()
    await until('nothing to be subscribed to any more', async () => {
      const left = await Promise.all(
        cluster.nodes.slice(0, 3).map(({ port }) => redisCli(port, ['PUBSUB', 'SHARDCHANNELS'])),
      )
      return left.join('').trim() === ''
    })
  }, 60_000)

  it('goes on without loss or double when a watched list’s slot moves', async () => {
    const [id = ''] = await newNodes(1)
    const reader = await open(id)
    const key = `node_logs:${id}`
    const from = await cluster.ownerOf(key)
    const to = cluster.nodes.slice(0, 3).find((node) => node !== from)
    for (let i = 0; i < 30; i += 1) {
      if (i === 10 && to) await cluster.move(key, to)
      await insist(id, `entry ${i}`)
    }
    const all = ['first', ...Array.from({ length: 30 }, (_, i) => `entry ${i}`)]
    await until('all entries', () => reader.messages().length >= all.length, 30_000)
    expect(reader.messages()).toEqual(all)
    expect(await cluster.ownerOf(key)).toBe(to)
  }, 60_000)

  it('loses nothing that a replica held when a master is killed', async () => {
    const [id = ''] = await newNodes(1)
    const reader = await open(id)
    for (let i = 0; i < 20; i += 1) await insist(id, `before ${i}`)
    const key = `node_logs:${id}`
    const owner = await cluster.ownerOf(key)
    await owner.kill()
    await until(
      'its replica to take over',
      () => cluster.ownerOf(key).catch(() => undefined),
      30_000,
    )
    // Comes back as the replica that makes an append safe.
    await owner.restart()
    for (let i = 0; i < 20; i += 1) await insist(id, `after ${i}`)
    const all = ['first']
    for (const word of ['before', 'after']) for (let i = 0; i < 20; i += 1) all.push(`${word} ${i}`)
    await until('all entries', () => reader.messages().length >= all.length, 30_000)
    expect(reader.messages()).toEqual(all)
    expect(reader.events.some(({ event }) => event === 'gap' || event === 'done')).toBe(false)
  }, 90_000)
})
