import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { redisLogStore } from '../src/logs/redis/store.js'
import { logStoreContract } from './contracts/log-store.js'
import { newNode } from './support/nodes.js'
import {
  endAll,
  type RunningRedis,
  type RunningServer,
  redisCli,
  startRedis,
  startReplica,
  startServer,
  until,
} from './support/processes.js'
import { startCluster } from './support/redis-cluster.js'
import { openStream } from './support/stream.js'

const PASSWORD = 'of-the-test'
const OF_CLUSTERS = /^(s(un)?subscribe|spublish|cluster\||client\|)/

let rules: string[]
let redis: RunningRedis
let url: string

beforeAll(async () => {
  rules = await documentedRules()
  redis = await startRedis(['--repl-diskless-sync-delay', '0'])
  await startReplica(redis)
  await allow(redis)
  url = asUser(redis.url)
}, 60_000)
beforeEach(async () => {
  await redisCli(redis.port, ['FLUSHALL'])
})
afterAll(endAll)

// All that the store does is done in here.
logStoreContract('Redis with the documented rights', ({ retention }) =>
  redisLogStore({ url, retention, pollInterval: 50 }),
)

it('servers do all that they do with the documented rights, and have no more', async () => {
  await redisCli(redis.port, ['ACL', 'LOG', 'RESET'])
  const env = { REDIS_URL: url, LAUNCHTAIL_REDIS_WAIT: '1' }
  const [one, other] = await Promise.all([startServer({ env }), startServer({ env })])
  await liveThrough(one, other)
  for (const server of [one, other]) {
    expect(server.output()).not.toMatch(/NOPERM|refused/)
    expect(await server.stop()).toBe(0)
  }
  expect(await refusedBy(redis)).toBe('')
  const unused = await unusedOf([redis], (name) => !OF_CLUSTERS.test(name))
  expect(unused).toEqual([])
})

it('so they do in a Cluster', async () => {
  const cluster = await startCluster()
  for (const node of cluster.nodes) await allow(node)
  const env = { REDIS_URL: asUser(cluster.url) }
  const [one, other] = await Promise.all([startServer({ env }), startServer({ env })])
  await liveThrough(one, other)
  for (const server of [one, other]) expect(server.output()).not.toMatch(/NOPERM|refused/)
  for (const node of cluster.nodes) expect(await refusedBy(node)).toBe('')
  const unused = await unusedOf(cluster.nodes, (name) => OF_CLUSTERS.test(name))
  expect(unused).toEqual([])
}, 60_000)

it('with one right less, they say which one is missing', async () => {
  const poor = await startRedis()
  await allow(poor, '-rpush')
  const server = await startServer({ env: { REDIS_URL: asUser(poor.url) } })
  const id = await newNode(server)
  const answer = await server.post(`/admin/nodes/${id}/logs`, { message: 'refused' })
  expect(answer.status).toBe(503)
  expect(await refusedBy(poor)).toContain('rpush')
})

/** Nodes come and go, are read and written at both, and long texts and removed lists are among them. */
async function liveThrough(one: RunningServer, other: RunningServer): Promise<void> {
  const id = await newNode(one)
  const append = async (server: RunningServer, message: string) => {
    const headers = { 'Idempotency-Key': message.slice(0, 20) }
    const answer = await server.post(`/admin/nodes/${id}/logs`, { message }, headers)
    expect([answer.status, await answer.text()]).toEqual([202, expect.anything()])
  }
  await append(one, 'first')
  const reader = await openStream(`${other.url}/admin/nodes/${id}/logs/stream?tail=all`, {
    'X-Admin-Token': other.token,
  })
  onTestFinished(() => reader.close())
  await append(one, 'second')
  await until('both entries', () => reader.messages().length === 2)
  expect((await one.fetch(`/admin/nodes/${id}/logs`)).status).toBe(200)
  expect((await one.fetch('/readyz')).status).toBe(200)
  reader.close()
  expect((await one.fetch(`/admin/nodes/${id}`, { method: 'DELETE' })).status).toBe(204)
}

/** The rules for the account `launchtail`, as docs/operations.md has them. */
async function documentedRules(): Promise<string[]> {
  const page = await readFile(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
  const [, text = ''] = /^user launchtail on >PASSWORD ([^`]+)```/m.exec(page) ?? []
  const words = text.trim().split(/[\s\\]+/)
  expect(words.length).toBeGreaterThan(10)
  return words
}

async function allow({ port }: { port: number }, ...more: string[]): Promise<void> {
  const set = ['ACL', 'SETUSER', 'launchtail', 'reset', 'on', `>${PASSWORD}`, ...rules, ...more]
  expect((await redisCli(port, set)).trim()).toBe('OK')
}

function asUser(address: string): string {
  return address.replace('//', `//launchtail:${PASSWORD}@`)
}

async function refusedBy({ port }: { port: number }): Promise<string> {
  return (await redisCli(port, ['ACL', 'LOG'])).trim()
}

/** The documented commands, of those that are asked about, that nobody has called. */
async function unusedOf(
  nodes: readonly { port: number }[],
  isAsked: (name: string) => boolean,
): Promise<string[]> {
  const stats = await Promise.all(nodes.map(({ port }) => redisCli(port, ['INFO', 'commandstats'])))
  return rules
    .filter((rule) => rule.startsWith('+'))
    .map((rule) => rule.slice(1))
    .filter((name) => isAsked(name) && !stats.join('').includes(`cmdstat_${name}:`))
}
