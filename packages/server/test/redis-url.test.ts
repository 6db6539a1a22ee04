import { expect, it } from 'vitest'
import { resolveConfig } from '../src/config.js'
import { parseRedisAddress } from '../src/logs/redis/url.js'

it.each(['redis://127.0.0.1:6379', 'rediss://user:p%40ss@redis.example:6380/2'])(
  'takes one Redis as it is: %s',
  (url) => {
    expect(parseRedisAddress(url)).toEqual({ kind: 'single', url })
  },
)

it('takes Sentinels with the name they know the master by', () => {
  expect(parseRedisAddress('redis-sentinel://a:26379,b.example:26380/main')).toEqual({
    kind: 'sentinel',
    hosts: [
      { host: 'a', port: 26379 },
      { host: 'b.example', port: 26380 },
    ],
    name: 'main',
    username: undefined,
    password: undefined,
  })
  expect(parseRedisAddress('redis-sentinel://a:1')).toMatchObject({ name: 'mymaster' })
})

it('takes a Cluster’s nodes, an account, and IPv6', () => {
  expect(parseRedisAddress('redis-cluster://app:p%40ss@[::1]:7000,10.0.0.2:7001')).toMatchObject({
    kind: 'cluster',
    hosts: [
      { host: '::1', port: 7000 },
      { host: '10.0.0.2', port: 7001 },
    ],
    username: 'app',
    password: 'p@ss',
  })
})

it.each([
  'http://127.0.0.1:6379',
  'redis-cluster://@',
  'redis-cluster://a',
  'redis-cluster://a:0',
  'redis-cluster://a:65536',
  'redis-cluster://a:7000,',
  'redis-sentinel://a:1/main/more',
  'redis-cluster://user:%zz@a:1',
  'redis-other://a:1',
])('does not take %s, and does not repeat what may hold a password', (url) => {
  expect(parseRedisAddress(url)).toBe(undefined)
  let message = ''
  try {
    resolveConfig({ flags: {}, env: { REDIS_URL: url } })
  } catch (error) {
    message = (error as Error).message
  }
  expect(message).toContain('REDIS_URL must be a redis://')
  expect(message).not.toContain(url)
})
