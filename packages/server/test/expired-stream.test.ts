import { afterAll, expect, it } from 'vitest'
import { newNode } from './support/nodes.js'
import { endAll, startRedis, startServer, until } from './support/processes.js'
import { readToEnd } from './support/reading.js'

afterAll(endAll)

it.each(['SQLite', 'Redis'])(
  'an expired log is streamed from the archive, and said to be, on %s',
  {
    timeout: 60_000,
  },
  async (store) => {
    const redis = store === 'Redis' ? { REDIS_URL: (await startRedis()).url } : {}
    const server = await startServer({ env: { LAUNCHTAIL_RETENTION: '8s', ...redis } })
    const id = await newNode(server)
    const path = `/admin/nodes/${id}/logs/stream`
    const read = (query = '', after = '') =>
      readToEnd(`${server.url}${path}?tail=all${query}`, {
        'X-Admin-Token': server.token,
        ...(after && { 'Last-Event-ID': after }),
      })
    const send = async (entries: readonly object[]) =>
      expect((await server.post(`/admin/nodes/${id}/logs`, entries)).status).toBe(202)
    const one = { message: 'feijoa one', progress: 5 }
    const broke = { message: 'feijoa broke', level: 'error', phase: 'failed', details: 'why' }
    await send([one, { message: 'two' }, broke])
    const live = await read()
    expect(live.events.map(({ event }) => event)).toEqual([
      ...['log', 'status', 'log', 'log', 'error', 'done'],
    ])
    expect(live.headers['log-expired']).toBeUndefined()
    // It is brought into the archive before it expires.
    expect((await server.fetch('/admin/logs?q=feijoa')).status).toBe(200)
    const expired = await until('the live log to expire', async () => {
      const reading = await read()
      return reading.headers['log-expired'] === 'true' && reading
    })
    expect(expired.events).toEqual(live.events)
    const rest = await read('', live.events[2]?.id)
    expect(rest.events).toEqual(live.events.slice(3))
    expect((await read('', live.events.at(-1)?.id)).status).toBe(204)
    const other = await newNode(server)
    await server.post(`/admin/nodes/${other}/logs`, { message: 'of the other', phase: 'active' })
    const merged = (query: string, after = '') =>
      readToEnd(`${server.url}/admin/logs/stream?${query}`, {
        'X-Admin-Token': server.token,
        ...(after && { 'Last-Event-ID': after }),
      })
    const both = await merged(`node=${id},${other}&tail=all`)
    expect(both.headers['log-expired']).toBe('true')
    const its = both.events.filter(({ data }) => data.node_id === id)
    expect(its.map(({ event, data: { node_id: _, ...data } }) => [event, data])).toEqual(
      live.events.map(({ event, data }) => [event, data]),
    )
    expect(both.events.at(-1)).toMatchObject({ event: 'end', data: { nodes: { failed: 1 } } })
    expect((await merged(`node=${id},${other}`, its[2]?.id)).events.length).toBe(
      both.events.length - 1 - both.events.indexOf(its[2] as (typeof its)[number]),
    )
    expect((await merged(`node=${other}`)).headers['log-expired']).toBeUndefined()
    const found = await read('&q=two&follow=false')
    expect(found.events.map(({ event }) => event)).toEqual(['status', 'log', 'error', 'done'])
    // Its next launch begins another list, which is live.
    await send([
      { message: 'again', phase: 'queued' },
      { ...broke, message: 'once more' },
    ])
    const next = await read()
    expect(next.headers['log-expired']).toBeUndefined()
    expect(next.events.map(({ data }) => data.message)).toContain('once more')
    expect(next.events.map(({ data }) => data.message)).not.toContain('two')
    const again = await merged(`node=${id}&tail=all`)
    expect(again.headers['log-expired']).toBeUndefined()
    expect(again.events.map(({ data }) => data.message)).not.toContain('two')
  },
)
