import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type RedisFacts, risksOf } from '../src/logs/redis/risks.js'
import { redisLogStore } from '../src/logs/redis/store.js'
import {
  endAll,
  type RunningRedis,
  redisCli,
  startRedis,
  startServer,
  until,
} from './support/processes.js'

const ALONE = { wait: 0, sharded: false }

/** What a store says of the Redis at this address. */
async function told(url: string, wait = 0): Promise<string[]> {
  const risks: string[] = []
  const faults: unknown[] = []
  const store = await redisLogStore({
    ...{ url, retention: 60_000, pollInterval: 50, wait },
    onRisk: (sentence) => risks.push(sentence),
    onFault: (message, error) => faults.push([message, error]),
  })
  onTestFinished(() => store.close())
  await store.ping()
  // Asked on the same connection before, so answered before.
  await store.ping()
  expect(faults).toEqual([])
  return risks
}

describe('a Redis', () => {
  let redis: RunningRedis
  beforeAll(async () => {
    redis = await startRedis(['--appendfsync', 'everysec'])
  })
  afterAll(endAll)

  const set = (...pairs: string[]) => redisCli(redis.port, ['CONFIG', 'SET', ...pairs])

  it('that keeps what it was given is nothing to talk about', async () => {
    await set('maxmemory', '100mb', 'maxmemory-policy', 'noeviction')
    expect(await told(redis.url)).toEqual([])
  })

  it('that removes keys when its memory is full is told of, if its memory is limited', async () => {
    onTestFinished(async () => void (await set('maxmemory', '0', 'maxmemory-policy', 'noeviction')))
    await set('maxmemory', '0', 'maxmemory-policy', 'volatile-ttl')
    expect(await told(redis.url)).toEqual([])
    await set('maxmemory', '100mb')
    expect(await told(redis.url)).toEqual([
      'Redis removes logs when its memory is full: maxmemory-policy is volatile-ttl and maxmemory 104857600 bytes. Set maxmemory-policy to noeviction',
    ])
  })

  it('that may lose what it was given is told of', async () => {
    onTestFinished(async () => void (await set('appendonly', 'yes', 'save', '')))
    await set('appendfsync', 'no')
    expect(await told(redis.url)).toEqual([expect.stringContaining('(appendfsync no)')])
    await set('appendfsync', 'everysec', 'appendonly', 'no')
    expect(await told(redis.url)).toEqual([expect.stringContaining('keeps nothing on its disk')])
    await set('save', '3600 1')
    expect(await told(redis.url)).toEqual([expect.stringContaining('writes snapshots only')])
  })

  it('with fewer replicas than an append waits for is told of', async () => {
    expect(await told(redis.url, 2)).toEqual([
      'Redis has 0 of the 2 replicas that LAUNCHTAIL_REDIS_WAIT names: appends are refused until it has them',
    ])
  })

  it('that does not answer INFO or CONFIG is used all the same, and that is told', async () => {
    const user = ['ACL', 'SETUSER', 'few', 'on', '>few', '~*', '&*', '+@all']
    const url = redis.url.replace('//', '//few:few@')
    await redisCli(redis.port, [...user, '-config', '-info'])
    expect(await told(url)).toEqual([expect.stringContaining('INFO was refused')])
    await redisCli(redis.port, [...user, '-config'])
    expect(await told(url)).toEqual([])
    onTestFinished(async () => void (await set('appendonly', 'yes')))
    await set('appendonly', 'no')
    expect(await told(url)).toEqual([expect.stringMatching(/snapshots only.*CONFIG was refused/)])
  })

  it('is told of once in the server’s log, also one that comes in its place', async () => {
    const lax = await startRedis(['--appendonly', 'no'])
    const server = await startServer({ env: { REDIS_URL: lax.url } })
    const said = (text: string) => server.output().split(text).length - 1
    const nothing = 'Redis keeps nothing on its disk'
    await until('the sentence', () => said(nothing) === 1)
    await lax.kill()
    await lax.restart()
    await redisCli(lax.port, [
      'CONFIG',
      'SET',
      'maxmemory',
      '9mb',
      'maxmemory-policy',
      'allkeys-lru',
    ])
    await lax.kill()
    await lax.restart()
    await until('Redis to answer again', async () => (await server.fetch('/readyz')).ok)
    expect(said(nothing)).toBe(1)
  })
})

it.each([
  ['6.0.16', ALONE, true],
  ['6.2.0', ALONE, false],
  ['7.4.1', ALONE, false],
  ['10.0.0', ALONE, false],
  ['6.2.14', { wait: 0, sharded: true }, true],
  ['7.0.0', { wait: 0, sharded: true }, false],
] as const)('Redis %s with %o is too old: %s', (version, expected, isOld) => {
  const facts: RedisFacts = {
    info: new Map([...Object.entries({ redis_version: version, aof_enabled: '1' })]),
    config: new Map(),
  }
  const risks = risksOf(facts, expected)
  expect(risks).toHaveLength(isOld ? 1 : 0)
  if (isOld) expect(risks[0]).toContain(`Redis ${version} is older than`)
})
