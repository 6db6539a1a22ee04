import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Counted, Found, LogEntry } from '@launchtail/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCommand } from './support/command.js'
import { newNode } from './support/nodes.js'
import {
  endAll,
  type RunningServer,
  redisCli,
  startRedis,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'
import { storedRecords } from './support/records.js'

const isOnPostgres = process.env.LAUNCHTAIL_TEST_STORE === 'postgres'

let server: RunningServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

describe('GET /admin/logs', () => {
  it('finds what was just acknowledged, in the logs of all nodes, newest first', async () => {
    const [a, b] = [await newNode(server), await newNode(server)]
    await send(server, a, ['kumquat one', 'something else'])
    await send(server, b, ['KumquatTwo'])
    const found = await search(server, { q: 'kumquat' })
    expect(found).toMatchObject({ count: 2, complete: true })
    expect(found.cursor).toBeUndefined()
    expect(found.logs.map(({ message, node_id }) => [message, node_id])).toEqual([
      ['KumquatTwo', b],
      ['kumquat one', a],
    ])
    // The entry is the one of the history, with its place.
    const { cursor, node_id, ...entry } = found.logs[1] as Found['logs'][number]
    const history = await answer(
      server,
      `/admin/nodes/${node_id}/logs?before=${found.logs[1]?.cursor}`,
    )
    expect(history.logs).toEqual([])
    const after = await answer(server, `/admin/nodes/${a}/logs?after=${cursor}`)
    expect(after.logs.map(({ message }) => message)).toEqual(['something else'])
    const [first] = (await answer(server, `/admin/nodes/${a}/logs?tail=all`)).logs
    expect(entry).toEqual(first)
  })

  it('takes times, levels, a phase, nodes, an order and neighbours, and goes on from a cursor', async () => {
    const [a, b] = [await newNode(server), await newNode(server)]
    const times = Array.from({ length: 6 }, (_, n) => `2026-01-15T10:00:0${n}Z`)
    const entries = times.map((timestamp, n) => ({
      timestamp,
      message: `papaya ${n}`,
      level: n % 2 ? 'error' : 'info',
      phase: n < 3 ? 'queued' : 'installing',
    }))
    expect((await server.post(`/admin/nodes/${a}/logs`, entries)).status).toBe(202)
    await send(server, b, ['papaya elsewhere'])
    const numbers = async (more: Record<string, string>) =>
      (await search(server, { q: 'papaya', node: a, ...more })).logs.map(({ message }) =>
        Number(message.slice(7)),
      )
    expect(await numbers({})).toEqual([5, 4, 3, 2, 1, 0])
    expect(await numbers({ order: 'asc', limit: '2' })).toEqual([0, 1])
    expect(await numbers({ since: times[1] as string, until: times[3] as string })).toEqual([3, 2])
    expect(await numbers({ level: 'warn' })).toEqual([5, 3, 1])
    expect(await numbers({ phase: 'installing', level: 'info,debug' })).toEqual([4])
    const both = await search(server, { q: 'papaya', node: `${a},${b}` })
    expect(both.count).toBe(7)
    const page = await search(server, { q: 'papaya', node: a, limit: '4' })
    expect(await numbers({ cursor: page.cursor as string })).toEqual([1, 0])
    const { logs } = await search(server, { q: 'message:3', node: a, context: '2' })
    const [hit] = logs
    expect(hit?.before?.map(({ message }) => message)).toEqual(['papaya 1', 'papaya 2'])
    expect(hit?.after?.map(({ message }) => message)).toEqual(['papaya 4', 'papaya 5'])
  })

  it('asks for fields of the launch as they are now', async () => {
    const created = await server.post('/admin/nodes', { provider: 'gcp', gpu: 'H200' })
    const { node_id: id } = (await created.json()) as { node_id: string }
    await send(server, id, ['guava'])
    expect((await search(server, { q: 'guava gpu:H200 status:launching' })).count).toBe(1)
    await server.post(`/admin/nodes/${id}/logs`, { message: 'guava broke', phase: 'failed' })
    expect((await search(server, { q: 'guava gpu:H200 status:launching' })).count).toBe(0)
    expect((await search(server, { q: 'guava status:failed cause:*' })).count).toBe(2)
    expect((await search(server, { q: 'guava -gpu:H200' })).count).toBe(0)
  })

  it('refuses what it cannot understand', async () => {
    for (const [query, message] of [
      ['q=level:warning', "column 7: 'warning' is not a level; did you mean 'warn'?"],
      ['since=yesterdayish', "invalid 'since' timestamp format"],
      ['until=x', "invalid 'until' timestamp format"],
      ['phase=loading', "invalid 'phase' value"],
      ['node=a%20b', "invalid 'node' value"],
      ['limit=0', "invalid 'limit' value"],
      ['limit=1001', "invalid 'limit' value"],
      ['cursor=5', "invalid 'cursor' value"],
      ['order=up', "invalid 'order' value"],
      ['context=21', "invalid 'context' value"],
    ] as const) {
      const response = await server.fetch(`/admin/logs?${query}`)
      expect([query, response.status, await response.json()]).toEqual([
        query,
        400,
        { error: { message } },
      ])
    }
    expect((await server.fetch('/admin/logs?cursor=01234567-5')).status).toBe(410)
    const hinted = await server.fetch('/admin/logs?q=level:warn')
    expect(hinted.headers.get('Query-Hint')).toContain('level:>=warn')
  })

  it('does not find a node that was deleted, nor the one before with its id', async () => {
    const id = await newNode(server)
    await send(server, id, ['durian first'])
    await server.post(`/admin/nodes/${id}/logs`, { message: 'durian end', phase: 'failed' })
    expect((await search(server, { q: 'durian' })).count).toBe(2)
    expect((await server.fetch(`/admin/nodes/${id}`, { method: 'DELETE' })).status).toBe(204)
    expect((await search(server, { q: 'durian' })).count).toBe(0)
    await server.post('/admin/nodes', { node_id: id })
    await send(server, id, ['durian second'])
    const { logs } = await search(server, { q: 'durian' })
    expect(logs.map(({ message }) => message)).toEqual(['durian second'])
  })
})

describe('GET /admin/logs/stats', () => {
  it('counts what a search finds, by time and level', async () => {
    const id = await newNode(server)
    const entries = Array.from({ length: 10 }, (_, n) => ({
      timestamp: `2026-01-15T1${n}:00:30Z`,
      message: `feijoa ${n}`,
      level: n % 2 ? 'error' : 'info',
    }))
    expect((await server.post(`/admin/nodes/${id}/logs`, entries)).status).toBe(202)
    const none = { debug: 0, info: 0, warn: 0, error: 0 }
    expect(await counted({ q: 'feijoa', until: '2026-01-15T11:30:00Z', bucket: '30m' })).toEqual({
      count: 2,
      complete: true,
      bucket_seconds: 1800,
      buckets: [
        { from: '2026-01-15T10:00:00.000Z', ...none, info: 1 },
        { from: '2026-01-15T11:00:00.000Z', ...none, error: 1 },
      ],
    })
    expect(await counted({ q: 'feijoa', node: id })).toMatchObject({
      count: 10,
      bucket_seconds: 900,
    })
    expect(await counted({ q: 'feijoa', level: 'error', bucket: '1d' })).toMatchObject({
      buckets: [{ ...none, error: 5 }],
    })
    expect(await counted({ q: 'nothing feijoa' })).toEqual({
      count: 0,
      complete: true,
      bucket_seconds: 1,
      buckets: [],
    })
    for (const bucket of ['0s', '1500ms', 'x']) {
      const response = await server.fetch(`/admin/logs/stats?bucket=${bucket}`)
      expect(await response.json()).toEqual({ error: { message: "invalid 'bucket' value" } })
    }
  })
})

describe('the archive', () => {
  it('is not there before there is something to archive', async () => {
    const idle = await startServer()
    expect(existsSync(join(idle.dataDir, 'archive.db'))).toBe(false)
    expect((await search(idle, { q: 'x' })).count).toBe(0)
  })

  it('keeps what the live log no longer has', async () => {
    const brief = await startServer({ env: { LAUNCHTAIL_RETENTION: '8s' } })
    const id = await newNode(brief)
    await send(brief, id, ['mango'])
    expect((await search(brief, { q: 'mango' })).count).toBe(1)
    const live = await brief.fetch(`/admin/nodes/${id}/logs`)
    expect(live.headers.has('Log-Expired')).toBe(false)
    const expired = await until('the live log to expire', async () => {
      const response = await brief.fetch(`/admin/nodes/${id}/logs?q=mango`)
      return response.headers.get('Log-Expired') === 'true' && response
    })
    expect(await expired.text()).toBe(await live.text())
    const cursor = expired.headers.get('Log-Cursor') as string
    expect(cursor).toBe(live.headers.get('Log-Cursor'))
    const before = await answer(brief, `/admin/nodes/${id}/logs?before=${cursor}`)
    expect(before.logs).toEqual([])
    const file = await brief.fetch(`/admin/nodes/${id}/logs/export?format=csv`)
    expect(await file.text()).toContain(',mango,')
    expect((await search(brief, { q: 'mango' })).count).toBe(1)
    // Its next launch begins another list.
    await send(brief, id, ['mango again'])
    const { logs } = await search(brief, { q: 'mango' })
    expect(logs.map(({ message }) => message)).toEqual(['mango again', 'mango'])
  })

  it('has no secrets', async () => {
    const secret = 'hf_abcdefghijklmnopqrstuvwxyz0123456789'
    const id = await newNode(server)
    await send(server, id, [`rambutan token ${secret}`])
    const { logs } = await search(server, { q: 'rambutan' })
    expect(logs[0]?.message).toBe('rambutan token ***')
    const stored = isOnPostgres
      ? await storedRecords(server.dataDir)
      : (
          await Promise.all(
            ['archive.db', 'archive.db-wal'].map((name) =>
              readFile(join(server.dataDir, name), 'latin1'),
            ),
          )
        ).join('')
    expect(stored).toContain('rambutan')
    expect(stored).not.toContain('abcdefghijklmnopqrstuvwxyz')
  })

  // In PostgreSQL it is done while servers go on: see archive-servers.test.ts.
  it.skipIf(isOnPostgres)('is indexed anew by a command, while no server uses it', async () => {
    const dataDir = await temporaryFolder()
    const running = await startServer({ dataDir })
    const id = await newNode(running)
    await send(running, id, ['starfruit', 'other'])
    expect((await search(running, { q: 'starfruit' })).count).toBe(1)
    const busy = await run(server, ['reindex', '--data-dir', dataDir])
    expect(busy).toMatchObject({ code: 1 })
    expect(busy.stderr).toContain('data folder in use by process')
    await running.stop()
    expect(await run(server, ['reindex', '--data-dir', dataDir])).toMatchObject({
      code: 0,
      stdout: '2 entries are indexed\n',
    })
    const again = await startServer({ dataDir })
    expect((await search(again, { q: 'starfruit' })).count).toBe(1)
  })
})

describe('with Redis', () => {
  it('has entries of other programs, without their secrets, and keeps them', async () => {
    const redis = await startRedis()
    const env = { REDIS_URL: redis.url, LAUNCHTAIL_RETENTION: '60s' }
    const shared = await startServer({ env })
    const id = await newNode(shared)
    await send(shared, id, ['physalis ours'])
    const foreign = [
      JSON.stringify({ message: 'physalis theirs hf_abcdefghijklmnopqrstuvwxyz0123456789' }),
      'physalis is no entry',
      JSON.stringify({ message: 'physalis last', level: 'warning', phase: 'installing' }),
    ]
    await redisCli(redis.port, ['RPUSH', `node_logs:${id}`, ...foreign])
    const messages = async () =>
      (await search(shared, { q: 'physalis' })).logs.map(({ message }) => message)
    await until(
      'the entries of the other program',
      async () => (await messages()).length === 3,
      15_000,
    )
    expect(await messages()).toEqual(['physalis last', 'physalis theirs ***', 'physalis ours'])
    const { logs } = await search(shared, { q: 'physalis' })
    const { logs: history } = await answer(shared, `/admin/nodes/${id}/logs?tail=all`)
    const entries = logs.map(({ node_id: _, cursor: __, ...entry }) => entry)
    expect(entries.reverse()).toEqual(history)
    // A cursor names the entry as the list has it.
    const after = await answer(shared, `/admin/nodes/${id}/logs?after=${logs[1]?.cursor}`)
    expect(after.logs.map(({ message }) => message)).toEqual(['physalis last'])
    await redisCli(redis.port, ['DEL', `node_logs:${id}`])
    expect(await messages()).toHaveLength(3)
    await redisCli(redis.port, [
      'RPUSH',
      `node_logs:${id}`,
      ...['new one', 'physalis new'].map((message) => JSON.stringify({ message })),
    ])
    await until('the new list', async () => (await messages()).includes('physalis new'), 15_000)
    expect(await messages()).toHaveLength(4)
  })
})

describe('launchtail search', () => {
  it('shows what was found, the newest last', async () => {
    const id = await newNode(server)
    await send(server, id, ['soursop 1', 'between', 'soursop 2'])
    const raw = await run(server, ['search', 'soursop', '-o', 'raw'])
    expect(raw).toMatchObject({ code: 0, stdout: 'soursop 1\nsoursop 2\n' })
    const pretty = await run(server, ['search', 'soursop', '-C', '1', '-n', '1'])
    expect(pretty.stdout).toMatch(/ between\n.* soursop 2\n--\n$/)
    const json = await run(server, ['search', 'soursop', '--node', id, '-o', 'json'])
    expect(JSON.parse(json.stdout.split('\n')[0] as string)).toMatchObject({ node_id: id })
    const wrong = await run(server, ['search', 'level:warning'])
    expect(wrong).toMatchObject({ code: 1 })
    expect(wrong.stderr).toContain('column 7')
  })
})

function run({ url }: RunningServer, args: readonly string[]) {
  return startCommand(url, args).ended
}

async function send(to: RunningServer, id: string, messages: readonly string[]): Promise<void> {
  const entries = messages.map((message) => ({ message }))
  expect((await to.post(`/admin/nodes/${id}/logs`, entries)).status).toBe(202)
}

async function search(of: RunningServer, query: Record<string, string>): Promise<Found> {
  const response = await of.fetch(`/admin/logs?${new URLSearchParams(query)}`)
  expect(response.status).toBe(200)
  return (await response.json()) as Found
}

async function counted(query: Record<string, string>): Promise<Counted> {
  const response = await server.fetch(`/admin/logs/stats?${new URLSearchParams(query)}`)
  expect(response.status).toBe(200)
  return (await response.json()) as Counted
}

async function answer(of: RunningServer, path: string): Promise<{ logs: LogEntry[] }> {
  return (await of.fetch(path)).json() as Promise<{ logs: LogEntry[] }>
}
