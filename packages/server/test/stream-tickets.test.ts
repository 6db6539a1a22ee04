import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStreamTickets } from '../src/nodes/stream-tickets.js'
import { newNode } from './support/nodes.js'
import {
  endAll,
  type RunningServer,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'
import { newRecords, openRecords } from './support/records.js'
import { openStream } from './support/stream.js'

const PAGE = 'https://pages.example'
const OTHER = 'https://other.example'
const INVALID = { error: { message: 'invalid stream ticket' } }

let server: RunningServer

beforeAll(async () => {
  server = await startServer({ env: { LAUNCHTAIL_ORIGINS: `${PAGE},http://localhost:3000` } })
})
afterAll(endAll)

async function ticketFor(id: string, origin = PAGE, of = server): Promise<string> {
  const answer = await of.post('/admin/stream-tickets', { node_id: id, origin })
  expect(answer.status).toBe(201)
  const body = (await answer.json()) as { ticket: string }
  expect(Object.keys(body)).toEqual(['ticket'])
  return body.ticket
}

const streamOf = (id: string, ticket: string, of = server) =>
  `${of.url}/admin/nodes/${id}/logs/stream?ticket=${ticket}`

/** An answer without the token. Its body is not read. */
async function ask(url: string, headers: Record<string, string> = { Origin: PAGE }) {
  const away = new AbortController()
  const answer = await fetch(url, { headers, signal: away.signal })
  const isJson = answer.headers.get('content-type')?.startsWith('application/json')
  const body = isJson ? await answer.json() : undefined
  away.abort()
  return { status: answer.status, body, headers: answer.headers }
}

const fresh = () => startServer({ env: { LAUNCHTAIL_ORIGINS: PAGE } })

describe('a stream ticket', () => {
  it('opens the stream of its node for a page of its origin, again and again', async () => {
    const id = await newNode(server)
    const url = streamOf(id, await ticketFor(id))
    for (let n = 0; n < 3; n += 1) {
      const stream = await openStream(url, { Origin: PAGE })
      expect(stream.response.status).toBe(200)
      expect(stream.response.headers.get('access-control-allow-origin')).toBe(PAGE)
      stream.close()
    }
  })

  it('opens nothing else, and nothing for anybody else', async () => {
    const own = await fresh()
    const [id, other] = [await newNode(own), await newNode(own)]
    const ticket = await ticketFor(id, PAGE, own)
    const refused = [
      [streamOf(id, ticket, own), { Origin: OTHER }],
      [streamOf(id, ticket, own), {}],
      [streamOf(other, ticket, own), { Origin: PAGE }],
      [streamOf(id, `${ticket}x`, own), { Origin: PAGE }],
      [streamOf(id, `${ticket}&ticket=another`, own), { Origin: PAGE }],
    ] as const
    for (const [url, headers] of refused) {
      expect(await ask(url, headers)).toMatchObject({ status: 401, body: INVALID })
    }
    const missing = { status: 401, body: { error: { message: 'missing admin token' } } }
    for (const path of ['logs', 'logs/export', 'launch', '']) {
      const url = `${own.url}/admin/nodes/${id}/${path}?ticket=${ticket}`
      expect(await ask(url)).toMatchObject(missing)
    }
    expect((await ask(streamOf(id, ticket, own))).status).toBe(200)
  })

  it('that is wrong locks nobody out, as wrong tokens do', async () => {
    const own = await fresh()
    const id = await newNode(own)
    for (let n = 0; n < 15; n += 1) {
      expect((await ask(streamOf(id, `wrong-${n}`, own))).status).toBe(401)
      expect((await ask(`${own.url}/embed/${id}?ticket=wrong-${n}`)).status).toBe(401)
    }
    expect((await own.fetch('/admin/nodes')).status).toBe(200)
  })

  it('is given only for origins of the setting, and for nodes that are there', async () => {
    const id = await newNode(server)
    const asked = async (body: object) => {
      const answer = await server.post('/admin/stream-tickets', body)
      return [
        answer.status,
        ((await answer.json()) as { error: { message: string } }).error.message,
      ]
    }
    expect(await asked({ node_id: id, origin: OTHER })).toEqual([
      403,
      `'${OTHER}' is not one of LAUNCHTAIL_ORIGINS`,
    ])
    expect(await asked({ node_id: 'nobody', origin: PAGE })).toEqual([404, 'node not found'])
    expect((await asked({ node_id: id, origin: `${PAGE}/` }))[0]).toBe(400)
    expect((await asked({ node_id: id, origin: '*' }))[0]).toBe(400)
  })

  it('is taken back with the streams that were opened with it', async () => {
    const id = await newNode(server)
    const ticket = await ticketFor(id)
    const stream = await openStream(streamOf(id, ticket), { Origin: PAGE })
    const answer = await server.post('/admin/stream-tickets/revoke', { ticket })
    expect(await answer.json()).toEqual({ revoked: 1 })
    await stream.ended
    expect(await ask(streamOf(id, ticket))).toMatchObject({ status: 401, body: INVALID })

    await ticketFor(id)
    await ticketFor(id)
    const all = await server.post('/admin/stream-tickets/revoke', { node_id: id })
    expect(await all.json()).toEqual({ revoked: 2 })
    expect((await server.post('/admin/stream-tickets/revoke', {})).status).toBe(400)
  })

  it('is good until the reader has seen `done`', async () => {
    const own = await fresh()
    const id = await newNode(own)
    const url = streamOf(id, await ticketFor(id, PAGE, own), own)
    const stream = await openStream(url, { Origin: PAGE })
    await own.post(`/admin/nodes/${id}/logs`, { message: 'up', phase: 'active' })
    await stream.ended
    expect(stream.events.at(-1)?.event).toBe('done')
    await until('a new reader to be refused', async () => (await ask(url)).status === 401)
    // As an EventSource asks once more. It then stops for good.
    const again = { Origin: PAGE, 'Last-Event-ID': stream.lastId() }
    expect((await ask(url, again)).status).toBe(204)
    await until('the ticket to be gone', async () => (await ask(url, again)).status === 401)
  })

  it('lives through a restart, and not through the end of the token it was asked for with', async () => {
    const env = { LAUNCHTAIL_ORIGINS: PAGE }
    const dataDir = await temporaryFolder()
    const first = await startServer({ env, dataDir })
    const id = await newNode(first)
    const ticket = await ticketFor(id, PAGE, first)
    expect((await ask(streamOf(id, ticket, first))).status).toBe(200)
    await first.kill()
    const second = await startServer({ env, dataDir })
    expect((await ask(streamOf(id, ticket, second))).status).toBe(200)
    await second.stop()
    const third = await startServer({ env: { ...env, LAUNCHTAIL_ADMIN_TOKEN: 'another' }, dataDir })
    expect(await ask(streamOf(id, ticket, third))).toMatchObject({ status: 401, body: INVALID })
  })

  it('is in no log line, also where serving it fails', async () => {
    const own = await startServer({
      env: { LAUNCHTAIL_ORIGINS: PAGE, LAUNCHTAIL_LOG_LEVEL: 'debug' },
    })
    const id = await newNode(own)
    const ticket = await ticketFor(id, PAGE, own)
    expect((await ask(streamOf(id, ticket, own))).status).toBe(200)
    const records = await openRecords(own.dataDir)
    for (const table of ['phases', 'nodes']) await records.schema.dropTable(table).execute()
    await records.destroy()
    const disguised = streamOf(id, ticket, own).replace('ticket=', '%74icket=')
    for (const url of [streamOf(id, ticket, own), disguised])
      expect((await ask(url)).status).toBe(500)
    await until('the fault to be logged', () => own.output().includes('"failed"'))
    expect(own.output()).toContain('ticket=***')
    expect(own.output()).not.toContain(ticket)
    expect(await (await own.fetch('/metrics')).text()).not.toContain(ticket)
  })

  it('is redeemed within 60 s, and then good for 24 h', async () => {
    const database = await newRecords()
    let now = 1_700_000_000_000
    const open = () =>
      openStreamTickets({
        database,
        isKnownCaller: () => true,
        now: () => now,
        onFault(_message, error) {
          throw error
        },
      })
    const tickets = await open()
    const given = { nodeId: 'n', origin: PAGE, caller: 'c' }
    const [late, used] = [await tickets.create(given), await tickets.create(given)]
    now += 60_000
    expect(tickets.redeem(used, 'n')).toBeDefined()
    now += 1
    expect(tickets.redeem(late, 'n')).toBeUndefined()
    now += 24 * 3_600_000 - 1
    expect(tickets.redeem(used, 'n')).toBeDefined()
    // What is stored is no ticket.
    const rows = await database.selectFrom('stream_tickets').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain(used)
    expect((await open()).redeem(used, 'n')).toBeDefined()
    now += 1
    expect(tickets.redeem(used, 'n')).toBeUndefined()
    await tickets.create(given)
    expect(await database.selectFrom('stream_tickets').selectAll().execute()).toHaveLength(1)
    await database.destroy()
  })
})

describe('a page of another origin', () => {
  const preflight = (origin: string) => ({
    method: 'OPTIONS',
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': 'x-admin-token',
    },
  })

  it('may read with the token, if its origin is one of the setting', async () => {
    const asked = await fetch(`${server.url}/admin/nodes`, preflight(PAGE))
    expect([asked.status, await asked.text()]).toEqual([204, ''])
    expect(asked.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(asked.headers.get('access-control-allow-methods')).toBe('GET, HEAD')
    expect(asked.headers.get('access-control-allow-headers')).toMatch(/X-Admin-Token/)
    expect(asked.headers.get('access-control-allow-headers')).toMatch(/Last-Event-ID/)
    for (let n = 0; n < 60; n += 1) await newNode(server)
    const answer = await server.fetch('/admin/nodes', { headers: { Origin: PAGE } })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(answer.headers.get('access-control-expose-headers')).toMatch(/Log-Cursor/)
    // It is compressed, too.
    expect(answer.headers.get('vary')).toMatch(/origin/i)
    expect(answer.headers.get('vary')).toMatch(/accept-encoding/i)
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
  })

  it('is shown why it is refused', async () => {
    const answer = await fetch(`${server.url}/admin/nodes`, { headers: { Origin: PAGE } })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('access-control-allow-origin')).toBe(PAGE)
    const lost = await server.fetch('/admin/nodes/nobody/logs/stream', {
      headers: { Origin: PAGE },
    })
    expect([lost.status, lost.headers.get('access-control-allow-origin')]).toEqual([404, PAGE])
  })

  it('resumes a stream that others watch, which is served past the framework', async () => {
    const id = await newNode(server)
    await server.post(`/admin/nodes/${id}/logs`, { message: 'one' })
    const url = `${server.url}/admin/nodes/${id}/logs/stream`
    const headers = { 'X-Admin-Token': server.token, Origin: PAGE }
    const first = await openStream(url, headers)
    await first.event('the entry', ({ event }) => event === 'log')
    const again = await openStream(url, { ...headers, 'Last-Event-ID': first.lastId() })
    expect(again.response.headers.get('access-control-allow-origin')).toBe(PAGE)
  })

  it('may not if its origin is none of them: the browser is told nothing that lets it', async () => {
    for (const origin of [OTHER, 'null', `${PAGE}.evil.example`, 'http://pages.example']) {
      const asked = await fetch(`${server.url}/admin/nodes`, preflight(origin))
      expect([origin, asked.status]).toEqual([origin, 401])
      expect(asked.headers.get('access-control-allow-origin')).toBeNull()
      const answer = await server.fetch('/admin/nodes', { headers: { Origin: origin } })
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  it('learns nothing where no origin is set', async () => {
    const plain = await startServer()
    const answer = await plain.fetch('/admin/nodes', { headers: { Origin: PAGE } })
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    expect(answer.headers.get('vary') ?? '').not.toMatch(/origin/i)
  })

  it('is an origin, which the start checks', async () => {
    for (const origin of ['*', 'https://a.example/', 'a.example', 'ftp://a.example']) {
      await expect(startServer({ env: { LAUNCHTAIL_ORIGINS: origin } })).rejects.toThrow(
        /LAUNCHTAIL_ORIGINS must be origins/,
      )
    }
  })
})

describe('the page for a frame', () => {
  it('needs a ticket, and may be framed by the ticket’s origin alone', async () => {
    const own = await fresh()
    const id = await newNode(own)
    const ticket = await ticketFor(id, PAGE, own)
    const page = await fetch(`${own.url}/embed/${id}?ticket=${ticket}`)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toMatch(
      /; frame-ancestors https:\/\/pages\.example$/,
    )
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    expect(page.headers.get('cache-control')).toBe('no-store')
    const text = await page.text()
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=/i)
    expect(text).not.toContain(ticket)
    // Its own stream has no `Origin`, since it is of the server's.
    expect((await ask(streamOf(id, ticket, own), {})).status).toBe(200)
    expect((await ask(`${own.url}/embed/${id}`)).status).toBe(401)
    expect((await ask(`${own.url}/embed/${id}?ticket=wrong`)).status).toBe(401)
    expect((await ask(`${own.url}/embed/other?ticket=${ticket}`)).status).toBe(401)
  })
})
