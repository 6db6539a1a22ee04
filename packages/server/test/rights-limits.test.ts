import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRateLimit } from '../src/http/limits/rate-limit.js'
import { newNode } from './support/nodes.js'
import { endAll, type RunningServer, startServer, until } from './support/processes.js'
import { type RawConnection, rawConnection, rawRequest } from './support/raw-http.js'
import { openStream } from './support/stream.js'
import { createToken, withToken } from './support/tokens.js'

afterAll(endAll)

interface Reading {
  readonly token: string
  readonly id?: string
  readonly path?: string
  readonly headers?: Record<string, string>
}

/** A stream that is read on a connection of its own. */
function reader(server: RunningServer, { token, id, path, headers }: Reading): RawConnection {
  const target = path ?? `/admin/nodes/${id}/logs/stream`
  return rawConnection(
    server.url,
    rawRequest(`GET ${target}`, { 'X-Admin-Token': token, ...headers }),
  )
}

function statusOf(connection: RawConnection): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(connection.text())?.[1] ?? 0)
}

async function answered(connections: readonly RawConnection[]): Promise<number[]> {
  await until('all to be answered', () => connections.every((one) => statusOf(one) > 0), 60_000)
  return connections.map(statusOf)
}

const count = (statuses: number[], status: number) =>
  statuses.filter((one) => one === status).length

async function limited(server: RunningServer, limit: string): Promise<number> {
  const text = await (await server.fetch('/metrics')).text()
  return Number(new RegExp(`launchtail_limited_total\\{limit="${limit}"\\} (\\d+)`).exec(text)?.[1])
}

describe('1,500 streams from one token', () => {
  let server: RunningServer
  let id: string

  beforeAll(async () => {
    server = await startServer({ env: { LAUNCHTAIL_MAX_STREAMS_PER_ADDRESS: '0' } })
    id = await newNode(server)
    await server.post(`/admin/nodes/${id}/logs`, { message: 'first' })
  })

  it('are 1,000, and 500 refusals of which the others never notice', async () => {
    const { token } = await createToken(server, { scopes: ['read'] })
    const others = await Promise.all(
      Array.from({ length: 20 }, () =>
        openStream(`${server.url}/admin/nodes/${id}/logs/stream`, {
          'X-Admin-Token': server.token,
        }),
      ),
    )
    const many = Array.from({ length: 1500 }, () => reader(server, { token, id }))
    for (let n = 0; n < 20; n += 1) {
      await server.post(`/admin/nodes/${id}/logs`, { message: `entry ${n}` })
    }
    const statuses = await answered(many)
    expect([count(statuses, 200), count(statuses, 429)]).toEqual([1000, 500])
    const refused = many.find((one) => statusOf(one) === 429) as RawConnection
    const answer = await refused.answer()
    expect(answer.json()).toEqual({
      error: {
        message:
          'this token has as many streams open as it may (1000): close some, or try again later',
      },
    })
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    const expected = ['first', ...Array.from({ length: 20 }, (_, n) => `entry ${n}`)]
    for (const other of others) {
      await until('what was sent meanwhile', () => other.messages().length === expected.length)
      expect(other.messages()).toEqual(expected)
    }
    expect(await limited(server, 'streams_per_token')).toBe(500)

    // A place is free as soon as somebody leaves.
    const open = many.filter((one) => statusOf(one) === 200)
    for (const one of open.slice(0, 10)) one.end()
    const next = await until('ten places to be free', async () => {
      const more = reader(server, { token, id })
      await answered([more])
      return statusOf(more) === 200 && more
    })
    expect(next.isClosed()).toBe(false)
    const more = Array.from({ length: 12 }, () => reader(server, { token, id }))
    expect(count(await answered(more), 200)).toBe(9)
    for (const one of [...open, ...more, next]) one.end()
  }, 120_000)
})

describe('a stream', () => {
  const env = {
    LAUNCHTAIL_MAX_STREAMS_PER_TOKEN: '4',
    LAUNCHTAIL_MAX_STREAMS_PER_ADDRESS: '3',
    LAUNCHTAIL_MAX_STREAMS: '5',
    LAUNCHTAIL_TRUSTED_PROXIES: '127.0.0.1',
  }
  const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } })

  it('counts for its token, its address and all, whatever it is of', async () => {
    const server = await startServer({ env })
    const id = await newNode(server)
    const { token } = server
    const open = [
      reader(server, { token, id, ...from('192.0.2.1') }),
      reader(server, { token, path: '/admin/nodes/stream', ...from('192.0.2.1') }),
      reader(server, { token, path: '/admin/logs/stream', ...from('192.0.2.1') }),
    ]
    expect(await answered(open)).toEqual([200, 200, 200])
    const same = reader(server, { token, id, ...from('192.0.2.1') })
    expect(await answered([same])).toEqual([429])
    expect((await same.answer()).body).toContain('this address')
    // One leaves: there is a place for one, and no more.
    open[0]?.end()
    await until('the place to be free', async () => {
      const next = reader(server, { token, id, ...from('192.0.2.1') })
      await answered([next])
      return statusOf(next) === 200
    })
    const again = reader(server, { token, id, ...from('192.0.2.1') })
    expect(await answered([again])).toEqual([429])
    const elsewhere = reader(server, { token, id, ...from('192.0.2.2') })
    expect(await answered([elsewhere])).toEqual([200])
    const fifth = reader(server, { token, id, ...from('192.0.2.3') })
    expect(await answered([fifth])).toEqual([429])
    expect((await fifth.answer()).body).toContain('this token')
    const other = await createToken(server, { scopes: ['read'] })
    const last = reader(server, { token: other.token, id, ...from('192.0.2.3') })
    const over = reader(server, { token: other.token, id, ...from('192.0.2.4') })
    expect([await answered([last]), await answered([over])]).toEqual([[200], [429]])
    expect((await over.answer()).body).toContain('this server')
    // Other requests go on.
    expect((await server.fetch('/admin/nodes')).status).toBe(200)
  })

  it('that resumes past the framework counts as any other', async () => {
    const server = await startServer({
      env: { LAUNCHTAIL_MAX_STREAMS_PER_TOKEN: '3', LAUNCHTAIL_MAX_STREAMS_PER_ADDRESS: '0' },
    })
    const id = await newNode(server)
    await server.post(`/admin/nodes/${id}/logs`, { message: 'one' })
    const { token } = server
    const first = await openStream(`${server.url}/admin/nodes/${id}/logs/stream`, {
      'X-Admin-Token': token,
    })
    await first.event('the entry', ({ event }) => event === 'log')
    const headers = { 'Last-Event-ID': first.lastId() }
    const again = Array.from({ length: 4 }, () => reader(server, { token, id, headers }))
    const statuses = await answered(again)
    expect([count(statuses, 200), count(statuses, 429)]).toEqual([2, 2])
    for (const one of again) one.end()
    await until('the places to be free', async () => {
      const more = reader(server, { token, id, headers })
      await answered([more])
      return statusOf(more) === 200
    })
  })

  it('that is refused for another reason takes no place', async () => {
    const server = await startServer({ env: { LAUNCHTAIL_MAX_STREAMS: '1' } })
    const id = await newNode(server)
    for (let n = 0; n < 5; n += 1) {
      expect((await server.fetch('/admin/nodes/nobody/logs/stream')).status).toBe(404)
      expect((await server.fetch(`/admin/nodes/${id}/logs/stream?tail=x`)).status).toBe(400)
      const head = await server.fetch(`/admin/nodes/${id}/logs/stream`, { method: 'HEAD' })
      expect(head.status).toBe(200)
    }
    const one = reader(server, { token: server.token, id })
    expect(await answered([one])).toEqual([200])
  })
})

describe('in a second, a token', () => {
  it('may make so many requests, send so many entries and ask for so many searches', async () => {
    const server = await startServer({
      env: {
        LAUNCHTAIL_MAX_REQUESTS_PER_SECOND: '50',
        LAUNCHTAIL_MAX_ENTRIES_PER_SECOND: '5',
        LAUNCHTAIL_MAX_SEARCHES_PER_SECOND: '1',
      },
    })
    const id = await newNode(server)
    const made = await createToken(server, { scopes: ['read', 'ingest'] })
    const ask = withToken(server, made.token)
    const entries = JSON.stringify(Array.from({ length: 500 }, () => ({ message: 'm' })))
    const send = () => ask(`/admin/nodes/${id}/logs`, { method: 'POST', body: entries })
    expect((await send()).status).toBe(202)
    const refused = await send()
    expect(refused.status).toBe(429)
    // What was sent beyond the limit is paid back first: 495 entries at 5 a second.
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60)
    expect(await refused.json()).toMatchObject({
      error: { message: 'this token is limited to 5 entries a second: try again later' },
    })
    const searches = await Promise.all(Array.from({ length: 20 }, () => ask('/admin/logs/stats')))
    const searched = searches.map(({ status }) => status)
    expect(count(searched, 200)).toBeGreaterThan(0)
    expect(count(searched, 429)).toBeGreaterThan(0)
    const all = await Promise.all(Array.from({ length: 200 }, () => ask('/admin/query?q=a')))
    const statuses = all.map(({ status }) => status)
    expect(count(statuses, 200)).toBeGreaterThanOrEqual(40)
    expect(count(statuses, 429)).toBeGreaterThan(0)
    // Another token has its own.
    expect((await server.post(`/admin/nodes/${id}/logs`, { message: 'mine' })).status).toBe(202)
    expect(await limited(server, 'entries')).toBe(1)
    expect(await limited(server, 'searches')).toBe(count(searched, 429))
    expect(await limited(server, 'requests')).toBe(count(statuses, 429))
  })

  it('has a second’s worth at once, and the rest as time passes', () => {
    let time = 0
    const limit = createRateLimit({
      ...{ limit: 'requests', perSecond: 10, now: () => time },
      onLimited() {},
    })
    const somebody = { id: 'a' }
    const take = () => {
      if (!limit.hasRoom(somebody)) return false
      limit.spend(somebody)
      return true
    }
    expect(Array.from({ length: 20 }, take).filter(Boolean)).toHaveLength(10)
    time += 500
    expect(Array.from({ length: 20 }, take).filter(Boolean)).toHaveLength(5)
    time += 60_000
    expect(Array.from({ length: 20 }, take).filter(Boolean)).toHaveLength(10)
    expect(() => limit.check(somebody)).toThrow('limited to 10 requests a second')
    expect(() => limit.check({ id: 'b' })).not.toThrow()
  })
})
