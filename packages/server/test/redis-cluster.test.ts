import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freezeWithAppends } from './support/late-append.js'
import { endAll, type RunningServer, redisCli, startServer, until } from './support/processes.js'
import { type RunningCluster, startCluster } from './support/redis-cluster.js'
import { held, type OpenedStream, openStream } from './support/stream.js'

const QUIET = { LAUNCHTAIL_LOG_LEVEL: 'error' }

let cluster: RunningCluster
let writing: RunningServer
let reading: RunningServer

beforeAll(async () => {
  cluster = await startCluster({ replicas: 1 })
  // What is to be seen comes by announcements: the polls are too rare to bring it.
  const env = { REDIS_URL: cluster.url, LAUNCHTAIL_POLL_INTERVAL: '60s' }
  const one = { ...env, LAUNCHTAIL_REDIS_WAIT: '1', ...QUIET }
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

/** Nodes in fours until each master has one: ids are random, and so are their slots. */
async function nodesOnEveryMaster() {
  const ids: string[] = []
  const owners: Awaited<ReturnType<typeof cluster.ownerOf>>[] = []
  while (new Set(owners).size < 3) {
    expect(ids.length).toBeLessThan(100)
    const more = await newNodes(4)
    ids.push(...more)
    owners.push(...(await Promise.all(more.map((id) => cluster.ownerOf(`node_logs:${id}`)))))
  }
  return { ids, owners }
}

async function append(id: string, message: string): Promise<number> {
  const headers = { 'Idempotency-Key': message.replaceAll(' ', '-') }
  const answer = await writing.post(`/admin/nodes/${id}/logs`, { message }, headers)
  await answer.arrayBuffer()
  return answer.status
}

function open(id: string, server = reading): Promise<OpenedStream> {
  const url = `${server.url}/admin/nodes/${id}/logs/stream?tail=all`
  return openStream(url, { 'X-Admin-Token': server.token })
}

async function insist(id: string, message: string): Promise<void> {
  await until(`${message} to be taken`, async () => (await append(id, message)) === 202, 30_000)
}

describe('a Cluster', () => {
  it('has the nodes’ lists on all its masters, and readers hear of each append', async () => {
    const { ids, owners } = await nodesOnEveryMaster()
    const readers = await Promise.all(ids.map((id) => open(id)))
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

  it('leaves no phantom with a reader when a frozen master wakes after another took over', async () => {
    const [busy, quiet] = await onOneMaster()
    const keys = [busy, quiet].map((id) => `node_logs:${id}`)
    // What is announced and in no list is found when the lists are looked at.
    const polling = await startServer({ env: { REDIS_URL: cluster.url, ...QUIET } })
    const readers = await Promise.all([busy, quiet].map((id) => open(id, polling)))
    await until('the first entries', () => readers.every((one) => one.messages().length === 1))
    const writer = write(busy, polling)
    // Woken as soon as the other has taken over, when who listens has not left it yet; and later.
    for (const [round, frozenFor] of [0, 9000].entries()) {
      const master = await cluster.ownerOf(keys[0] as string)
      const late = await freezeWithAppends(master, keys, `phantom ${round}`, {
        announce: 'SPUBLISH',
      })
      for (const key of keys) {
        await until(
          'its replica to take over',
          () => cluster.ownerOf(key, master).catch(() => undefined),
          30_000,
        )
      }
      await new Promise((resolve) => setTimeout(resolve, frozenFor))
      master.signal('SIGCONT')
      for (const { reply } of late) {
        expect(await until('it to answer what waited', reply)).toMatch(
          /^(?::\d+|-MOVED |-CLUSTERDOWN )/,
        )
      }
      const sent = writer.sent()
      await until('the old master to be a replica', async () =>
        (await redisCli(master.port, ['ROLE'])).includes('slave'),
      )
      await until('entries to be taken again', () => writer.sent() > sent + 20, 30_000)
    }
    await writer.stop()

    for (const [i, reader] of readers.entries()) {
      const key = keys[i] as string
      const owner = await cluster.ownerOf(key)
      const texts = (await redisCli(owner.port, ['LRANGE', key, '0', '-1'])).trim().split('\n')
      const list = texts.map((text) => (JSON.parse(text) as { message: string }).message)
      expect(new Set(list).size).toBe(list.length)
      expect(list.filter((message) => message.startsWith('phantom'))).toEqual([])
      // What was shown and is in no list has been taken back, by a gap.
      await until('the reader to hold the list', () => held(reader).join() === list.join(), 30_000)
    }
  }, 120_000)

  /** Two nodes of one master. */
  async function onOneMaster(): Promise<[string, string]> {
    const ids = await newNodes(4)
    const owners = await Promise.all(ids.map((id) => cluster.ownerOf(`node_logs:${id}`)))
    const first = owners.findIndex((owner, i) => owners.indexOf(owner) < i)
    const twin = owners.indexOf(owners[first] as (typeof owners)[0])
    return [ids[first] as string, ids[twin] as string]
  }

  /** Appends one after the other, without waiting for replicas, each until it is taken. */
  function write(id: string, server: RunningServer) {
    let sent = 0
    let going = true
    const done = (async () => {
      for (; going; sent += 1) {
        const [message, key] = [`entry ${sent}`, `key-${sent}`]
        await until(
          `${message} to be taken`,
          async () => {
            const headers = { 'Idempotency-Key': key }
            const answer = await server.post(`/admin/nodes/${id}/logs`, { message }, headers)
            await answer.arrayBuffer()
            expect([202, 409, 503]).toContain(answer.status)
            return answer.status === 202
          },
          60_000,
        )
      }
    })()
    return {
      sent: () => sent,
      stop: () => {
        going = false
        return done
      },
    }
  }
})
