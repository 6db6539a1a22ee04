import { Redis } from 'ioredis'
import { beforeAll, describe, expect, it } from 'vitest'
import { redisLogStore } from '../src/logs/redis/store.js'
import type { LogStore } from '../src/logs/store.js'
import { endAll, type RunningRedis, startRedis, until } from './support/processes.js'

// A look at more lists than are read at once, for writers that do not announce.

const LISTS = 300
const POLL = 50

let redis: RunningRedis
let other: Redis

beforeAll(async () => {
  redis = await startRedis()
  other = new Redis(redis.url)
  return async () => {
    other.disconnect()
    await endAll()
  }
})

/** What a watcher knows of a list, and what it was told. */
interface Known {
  newest: number
  texts: string[]
  changes: number
}

async function watchAll(store: LogStore, group: string): Promise<Map<string, Known>> {
  const known = new Map<string, Known>()
  for (let i = 0; i < LISTS; i += 1) {
    const nodeId = `${group}-${i}`
    const one: Known = { newest: 0, texts: ['first'], changes: 0 }
    known.set(nodeId, one)
    await other.rpush(`node_logs:${nodeId}`, 'first')
    store.watch(nodeId, {
      position: () => one.newest,
      appended({ index, texts }) {
        for (const [offset, text] of texts.entries()) one.texts[index + offset] = text
        one.newest = one.texts.length - 1
      },
      changed: () => {
        one.changes += 1
      },
      removed() {},
      lost() {},
      found() {},
    })
  }
  return known
}

async function calls(command: string): Promise<number> {
  const line = new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm')
  return Number(line.exec(await other.info('commandstats'))?.[1] ?? 0)
}

describe('a look at many watched lists', () => {
  it('finds what was pushed into any of them', async () => {
    const store = await open()
    const known = await watchAll(store, 'pushed')
    for (const nodeId of known.keys()) await other.rpush(`node_logs:${nodeId}`, 'second')
    const all = [...known.values()]
    await until('the second of each', () => all.every(({ texts }) => texts.length > 1))
    expect(new Set(all.map(({ texts }) => texts.join()))).toEqual(new Set(['first,second']))
    await store.close()
  })

  it('finds a list that was replaced by one of the same length', async () => {
    const store = await open()
    const known = await watchAll(store, 'replaced')
    const nodeId = `replaced-${LISTS - 1}`
    expect(known.get(nodeId)?.texts).toEqual(['first'])
    await other.multi().del(`node_logs:${nodeId}`).rpush(`node_logs:${nodeId}`, 'another').exec()
    await until('the other entry', () => known.get(nodeId)?.texts[0] === 'another')
    await store.close()
  })

  it('finds a list that is gone', async () => {
    const store = await open()
    const known = await watchAll(store, 'gone')
    const nodeId = `gone-${LISTS - 1}`
    const others = [...known.values()].slice(0, -1)
    await until('its subscription', () => [...known.values()].every(({ changes }) => changes > 0))
    const before = others.map(({ changes }) => changes)
    await other.del(`node_logs:${nodeId}`)
    await until('the change', () => (known.get(nodeId)?.changes ?? 0) > 1)
    expect(others.map(({ changes }) => changes)).toEqual(before)
    await store.close()
  })

  it('runs few scripts where nothing has changed', async () => {
    const store = await open()
    await watchAll(store, 'idle')
    // Whoever has just subscribed is told to look again. A look from before may be under way.
    await until('a look', async () => (await calls('evalsha')) > 0)
    const before = await calls('evalsha')
    const looks = 10
    await new Promise((resolve) => setTimeout(resolve, looks * POLL))
    // Two for the lengths, and 32 of those that are read in turn. A script for each were 300.
    expect((await calls('evalsha')) - before).toBeLessThan((looks + 2) * 40)
    await store.close()
  })
})

function open(): Promise<LogStore> {
  return redisLogStore({ url: redis.url, retention: 3_600_000, pollInterval: POLL })
}
