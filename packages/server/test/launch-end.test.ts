import type { LogEntry } from '@launchtail/client/protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import { foldEnd, type LaunchEnd } from '../src/logs/launch-end.js'
import { newNode } from './support/nodes.js'
import {
  endAll,
  type RunningRedis,
  type RunningServer,
  redisCli,
  startRedis,
  startServer,
  until,
} from './support/processes.js'
import { openStream } from './support/stream.js'

function entry(phase: LogEntry['phase'], message: string, details?: string): LogEntry {
  const timestamp = '2024-01-15T10:30:00Z'
  return { timestamp, level: 'info', message, phase, ...(details !== undefined && { details }) }
}

describe('the address a node is ready at', () => {
  it.each([
    ['serving at http://2.2.2.2:8000.', 'http://2.2.2.2:8000'],
    ['serving at http://2.2.2.2:8000/v1/, ok', 'http://2.2.2.2:8000/v1/'],
    ['up (http://2.2.2.2:8000)', 'http://2.2.2.2:8000'],
    ['up (see http://2.2.2.2:8000/a_(b)).', 'http://2.2.2.2:8000/a_(b)'],
    ['"http://2.2.2.2:8000", \'x\'', 'http://2.2.2.2:8000'],
    ['`http://2.2.2.2:8000`;', 'http://2.2.2.2:8000'],
    ['ready at http://2.2.2.2:8000!', 'http://2.2.2.2:8000'],
    ['[http://2.2.2.2:8000]: ready', 'http://2.2.2.2:8000'],
    ['on http://[::1]:8000', 'http://[::1]:8000'],
    ['on http://[::1].', 'http://[::1]'],
    ['\u001b[32mhttp://2.2.2.2:8000\u001b[0m', 'http://2.2.2.2:8000'],
    ['\u001b[32mhttp://2.2.2.2:8000\u001b[0m.', 'http://2.2.2.2:8000'],
    ['\u001b]8;;http://1.1.1.1\u0007http://2.2.2.2:8000\u001b]8;;\u0007', 'http://2.2.2.2:8000'],
    ['**http://2.2.2.2:8000/**', 'http://2.2.2.2:8000/'],
    ['http://2.2.2.2:8000/?a=1&b=2#c', 'http://2.2.2.2:8000/?a=1&b=2#c'],
    ['see https://', undefined],
    ['no address', undefined],
  ])('is read out of %j', (text, endpoint) => {
    expect(foldEnd(undefined, entry('active', text))?.endpoint).toBe(endpoint)
    expect(foldEnd(undefined, entry('active', 'Ready', text))?.endpoint).toBe(endpoint)
    expect(foldEnd(undefined, entry('failed', text))?.endpoint).toBe(undefined)
  })
})

describe('the end of a launch', () => {
  const end = (...entries: LogEntry[]) =>
    entries.reduce<LaunchEnd | undefined>((before, one) => foldEnd(before, one), undefined)

  it('is what ended it, whatever is logged after that', () => {
    const active = entry('active', 'Ready at http://1.1.1.1:8000')
    const told = { phase: 'active', status: 'active', endpoint: 'http://1.1.1.1:8000' }
    expect(end(active, entry('active', 'GET http://9.9.9.9/ 200'))).toEqual({
      ...told,
      message: active.message,
    })
    expect(end(entry('failed', 'cause'), entry('failed', 'last words'))?.message).toBe('cause')
    expect(end(active, entry('failed', 'preempted'))).toMatchObject({
      status: 'failed',
      message: 'preempted',
    })
    expect(end(entry('failed', 'cause'), entry('failed', 'Node terminated'))?.status).toBe(
      'terminated',
    )
    expect(end(entry('failed', 'Node terminated'), entry('failed', 'late line'))).toMatchObject({
      status: 'terminated',
      message: 'Node terminated',
    })
    expect(end(active, entry('queued', 'again'))).toBe(undefined)
    expect(end(active, entry('queued', 'again'), entry('failed', 'second'))?.message).toBe('second')
  })

  it('learns its address from what an active node says later, if it did not say it at once', () => {
    const ready = entry('active', 'Ready')
    expect(
      end(ready, entry('active', 'at http://1.1.1.1'), entry('active', 'http://2.2.2.2')),
    ).toEqual({
      phase: 'active',
      status: 'active',
      endpoint: 'http://1.1.1.1',
      message: 'Ready',
    })
  })
})

describe.each(['SQLite', 'Redis'] as const)('`done` on %s', (kind) => {
  let redis: RunningRedis | undefined
  let server: RunningServer

  beforeAll(async () => {
    redis = kind === 'Redis' ? await startRedis() : undefined
    server = await startServer({
      env: redis ? { REDIS_URL: redis.url, LAUNCHTAIL_POLL_INTERVAL: '100ms' } : {},
    })
    return endAll
  })

  const READY = 'Node is ready at http://1.2.3.4:8000.'
  const DONE = { status: 'active', endpoint: 'http://1.2.3.4:8000', message: READY }
  const access = (i: number) => ({ message: `INFO: 1.2.3.4:5 - "GET /v1/models ${i}" 200 OK` })

  async function doneOf(id: string, query: string): Promise<unknown> {
    const url = `${server.url}/admin/nodes/${id}/logs/stream?${query}`
    const stream = await openStream(url, { 'X-Admin-Token': server.token })
    await stream.ended
    expect(stream.events.filter(({ event }) => event === 'done')).toHaveLength(1)
    return stream.events.at(-1)?.data
  }

  it('names the entry that ended the launch, to a watcher and to all who come later', async () => {
    const id = await newNode(server)
    const url = `${server.url}/admin/nodes/${id}/logs/stream`
    const watcher = await openStream(url, { 'X-Admin-Token': server.token })
    const ending = { message: READY, phase: 'active', progress: 100 }
    await server.post(`/admin/nodes/${id}/logs`, [{ message: 'before' }, ending, access(0)])
    await watcher.ended
    expect(watcher.events.at(-1)?.data).toEqual(DONE)
    const many = Array.from({ length: 1000 }, (_, i) => access(i))
    await server.post(`/admin/nodes/${id}/logs`, many)
    for (const query of ['', 'tail=0', 'tail=5', 'tail=all', 'level=error']) {
      expect([query, await doneOf(id, query)]).toEqual([query, DONE])
    }
    const complete = { ...DONE, message: 'Log stream complete (follow=false)' }
    expect(await doneOf(id, 'follow=false&tail=5')).toEqual(complete)
    const record = await (await server.fetch(`/admin/nodes/${id}`)).json()
    expect(record).toMatchObject(DONE)
  })

  it('gives the cause of a failure and not its last words', async () => {
    const id = await newNode(server)
    const words = Array.from({ length: 300 }, (_, i) => ({ message: `word ${i}`, phase: 'failed' }))
    const cause = { message: 'CUDA out of memory', phase: 'failed', level: 'error' }
    await server.post(`/admin/nodes/${id}/logs`, [{ message: 'before' }, cause, ...words])
    const done = { status: 'failed', message: 'CUDA out of memory' }
    expect(await doneOf(id, 'tail=5')).toEqual(done)
    expect(await (await server.fetch(`/admin/nodes/${id}`)).json()).toMatchObject(done)
  })

  it.runIf(kind === 'Redis')('is the same for what another program wrote', async () => {
    if (!redis) return
    const id = await newNode(server)
    const texts = [
      { message: READY, phase: 'active' },
      ...Array.from({ length: 400 }, (_, i) => access(i)),
    ]
    const timestamp = '2024-01-15T10:30:00Z'
    for (let at = 0; at < texts.length; at += 100) {
      const some = texts.slice(at, at + 100).map((one) => JSON.stringify({ timestamp, ...one }))
      await redisCli(redis.port, ['RPUSH', `node_logs:${id}`, ...some])
    }
    for (const query of ['tail=0', 'tail=5', '']) expect(await doneOf(id, query)).toEqual(DONE)
    await until('the record to follow', async () => {
      const record = (await (await server.fetch(`/admin/nodes/${id}`)).json()) as { status: string }
      return record.status === 'active'
    })
    expect(await (await server.fetch(`/admin/nodes/${id}`)).json()).toMatchObject(DONE)
  })
})
