import { expect, it } from 'vitest'
import { freezeWithAppends } from './support/late-append.js'
import { listed, newNode } from './support/nodes.js'
import {
  type RunningServer,
  redisCli,
  startRedis,
  startReplica,
  startSentinel,
  startServer,
  until,
} from './support/processes.js'
import { startProxy } from './support/proxy.js'
import { held, type OpenedStream, openStream } from './support/stream.js'

const BEATS = { LAUNCHTAIL_HEARTBEAT: '200ms', LAUNCHTAIL_LOG_LEVEL: 'error' }

async function append(server: RunningServer, id: string, message: string): Promise<number> {
  const headers = { 'Idempotency-Key': message.replaceAll(' ', '-') }
  const answer = await server.post(`/admin/nodes/${id}/logs`, { message }, headers)
  await answer.arrayBuffer()
  return answer.status
}

function insist(server: RunningServer, id: string, message: string): Promise<true> {
  return until(
    `${message} to be taken`,
    async () => {
      const status = await append(server, id, message)
      expect([202, 409, 503]).toContain(status)
      return status === 202
    },
    30_000,
  )
}

function open(
  server: RunningServer,
  id: string,
  query: string,
  lastId = '',
): Promise<OpenedStream> {
  const headers: Record<string, string> = { 'X-Admin-Token': server.token }
  if (lastId) headers['Last-Event-ID'] = lastId
  return openStream(`${server.url}/admin/nodes/${id}/logs/stream?${query}`, headers)
}

function numbered(word: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${word} ${i}`)
}

it('tells every connected and every resuming reader of a failover to a replica that lags', async () => {
  const master = await startRedis(['--repl-diskless-sync-delay', '0'])
  const replica = await startReplica(master)
  const proxy = await startProxy(master.port)
  const server = await startServer({
    env: { REDIS_URL: `redis://127.0.0.1:${proxy.port}`, ...BEATS },
  })
  const id = await newNode(server)
  const connected = await Promise.all(
    ['tail=all', 'tail=0', 'tail=5', 'tail=all&level=error'].map((query) =>
      open(server, id, query),
    ),
  )
  const kept = numbered('kept', 30)
  const lost = numbered('lost', 20)
  for (const message of kept) expect(await append(server, id, message)).toBe(202)
  await until('the replica to have them', async () =>
    (await redisCli(replica.port, ['LLEN', `node_logs:${id}`])).startsWith('30'),
  )
  await redisCli(replica.port, ['REPLICAOF', 'NO', 'ONE'])
  for (const message of lost) expect(await append(server, id, message)).toBe(202)
  const [all, ...others] = connected as [OpenedStream, ...OpenedStream[]]
  await until('all to be sent', () => all.messages().length === 50)
  const idOf = (message: string) =>
    all.events.find(({ data }) => data.message === message)?.id as string

  proxy.redirect(replica.port)
  await master.kill()
  const gaps = await Promise.all(
    [all, ...others].map((reader) => reader.event('a gap', ({ event }) => event === 'gap')),
  )
  for (const { data } of gaps) {
    expect(data).toMatchObject({ resumed_from: '-1:0:log', missed: 20, reason: 'rewritten' })
  }
  await until('the list to be told anew', () => held(all).length === 30)

  const resumed = await open(server, id, '', idOf('lost 7'))
  const gap = await resumed.event('a gap', ({ event }) => event === 'gap')
  expect(gap.data).toMatchObject({ requested: idOf('lost 7'), missed: 8, reason: 'rewritten' })
  // What this one has seen is still so.
  const unharmed = await open(server, id, '', idOf('kept 9'))
  await insist(server, id, 'after')
  for (const reader of [all, resumed, ...others.slice(0, 2)]) {
    await until('the next entry', () => held(reader).includes('after'))
    expect(held(reader)).toEqual([...kept, 'after'])
  }
  await until('the next entry', () => unharmed.messages().includes('after'))
  expect(unharmed.messages()).toEqual([...kept.slice(10), 'after'])
  expect(unharmed.events.some(({ event }) => event === 'gap')).toBe(false)
}, 60_000)

it('goes on with the Sentinels’ new master, and leaves no phantom when the old one wakes', async () => {
  const master = await startRedis(['--repl-diskless-sync-delay', '0'])
  const replica = await startReplica(master)
  const { url } = await startSentinel(master)
  const server = await startServer({ env: { REDIS_URL: url, ...BEATS } })
  const id = await newNode(server)
  const reader = await open(server, id, 'tail=all')
  for (const message of numbered('before', 20)) await insist(server, id, message)
  await until('the entries', () => reader.messages().length === 20)

  const quiet = await newNode(server)
  await insist(server, quiet, 'quiet')
  const other = await open(server, quiet, 'tail=all')
  await until('the entry', () => other.messages().length === 1)

  const keys = [id, quiet].map((node) => `node_logs:${node}`)
  const late = await freezeWithAppends(master, keys, 'phantom')
  await insist(server, id, 'meanwhile 0')
  expect(await redisCli(replica.port, ['ROLE'])).toContain('master')
  for (const message of numbered('meanwhile', 10)) await insist(server, id, message)
  master.signal('SIGCONT')
  // It did so as the master that it still took itself for.
  for (const { reply } of late) {
    expect(await until('it to carry out what waited', reply)).toMatch(/^:\d+/)
  }
  await until(
    'the old master to be a replica',
    async () => (await redisCli(master.port, ['ROLE'])).includes('slave'),
    30_000,
  )
  for (const message of numbered('after', 10)) await insist(server, id, message)

  const list = await listed(server, id)
  const words = ['before', 'meanwhile', 'after'] as const
  expect(new Set(list)).toEqual(
    new Set([...numbered('before', 20), ...words.slice(1).flatMap((word) => numbered(word, 10))]),
  )
  expect(list.length).toBe(new Set(list).size)
  await until('the reader to hold the list', () => held(reader).join() === list.join())
  expect(await listed(server, quiet)).toEqual(['quiet'])
  await until('the other to hold its list', () => held(other).join() === 'quiet')
}, 90_000)
