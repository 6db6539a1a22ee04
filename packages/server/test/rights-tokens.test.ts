import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isTokenText, newTokenText } from '../src/rights/token-text.js'
import { openTokens } from '../src/rights/tokens.js'
import { newNode } from './support/nodes.js'
import { endAll, type RunningServer, startServer, temporaryFolder } from './support/processes.js'
import { newRecords, storedRecords } from './support/records.js'
import { openStream } from './support/stream.js'
import { createToken, withToken } from './support/tokens.js'

const INVALID = { error: { message: 'invalid admin token' } }

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

async function refusal(answer: Response): Promise<[number, string]> {
  const { error } = (await answer.json()) as { error: { message: string } }
  return [answer.status, error.message]
}

describe('a token', () => {
  it('is shown once, and listed without what would let anybody use it', async () => {
    const expires_at = '2199-01-01T00:00:00.000Z'
    const asked = { name: 'of the dashboard', scopes: ['read', 'ingest'], nodes: ['a', 'b-*'] }
    const made = await createToken(server, { ...asked, expires_at })
    expect(made.token).toMatch(/^lt_read_[0-9A-Za-z]{36}$/)
    const { token, ...shown } = made
    expect(shown).toMatchObject({ ...asked, expires_at, expired: false, created_by: 'admin token' })
    expect(shown.hint).toBe(`lt_read_…${token.slice(-4)}`)
    const { tokens } = (await (await server.fetch('/admin/tokens')).json()) as { tokens: object[] }
    expect(tokens).toContainEqual(shown)
    expect(JSON.stringify(tokens)).not.toContain(token)
    expect(await storedRecords(server.dataDir)).toContain(shown.token_id)
    expect(await storedRecords(server.dataDir)).not.toContain(token.slice('lt_read_'.length))
  })

  it('lets its holder do what it has the right for, and says which right is missing', async () => {
    const id = await newNode(server)
    const reader = withToken(server, (await createToken(server, { scopes: ['read'] })).token)
    expect((await reader(`/admin/nodes/${id}/logs`)).status).toBe(200)
    expect(await refusal(await reader('/admin/nodes/launch', { method: 'POST' }))).toEqual([
      403,
      "token may not launch, change or end nodes: it needs the right 'launch'",
    ])
    const sent = await reader(`/admin/nodes/${id}/logs`, {
      method: 'POST',
      body: '{"message":"m"}',
    })
    expect(await refusal(sent)).toEqual([
      403,
      "token may not register nodes or send logs in: it needs the right 'ingest'",
    ])
    expect((await reader('/admin/webhooks')).status).toBe(403)
    expect((await reader('/admin/tokens')).status).toBe(403)
  })

  it('that is limited to nodes is good for no other, whether that is there or not', async () => {
    const [mine, other] = [await newNode(server), await newNode(server)]
    const { token } = await createToken(server, {
      scopes: ['read', 'ingest'],
      nodes: [mine, 'x-*'],
    })
    const ask = withToken(server, token)
    expect((await ask(`/admin/nodes/${mine}`)).status).toBe(200)
    const words = [403, 'token may not use this node: it is limited to other nodes']
    expect(await refusal(await ask(`/admin/nodes/${other}`))).toEqual(words)
    expect(await refusal(await ask('/admin/nodes/nobody'))).toEqual(words)
    const created = (body: object) =>
      ask('/admin/nodes', { method: 'POST', body: JSON.stringify(body) })
    expect((await created({ node_id: 'x-1' })).status).toBe(201)
    expect((await created({ node_id: 'y-1' })).status).toBe(403)
    expect((await created({})).status).toBe(403)
    const search = (query: string) => ask(`/admin/logs${query}`)
    expect((await search(`?node=${mine}`)).status).toBe(200)
    expect((await search(`?node=${mine},${other}`)).status).toBe(403)
    expect((await search('')).status).toBe(403)
    expect((await ask('/admin/stats')).status).toBe(403)
    const { nodes } = (await (await ask('/admin/nodes')).json()) as { nodes: { node_id: string }[] }
    expect(nodes.map(({ node_id }) => node_id).sort()).toEqual([mine, 'x-1'].sort())
  })

  it('ends at its time, and closes the streams that were opened with it', async () => {
    const id = await newNode(server)
    const expires_at = new Date(Date.now() + 6000).toISOString()
    const { token } = await createToken(server, { scopes: ['read'], expires_at })
    const stream = await openStream(`${server.url}/admin/nodes/${id}/logs/stream`, {
      'X-Admin-Token': token,
    })
    expect(stream.response.status).toBe(200)
    await stream.ended
    const answer = await withToken(server, token)(`/admin/nodes/${id}`)
    expect([answer.status, await answer.json()]).toEqual([401, INVALID])
  })

  it('is revoked with the streams that were opened with it, also past the framework', async () => {
    const id = await newNode(server)
    await server.post(`/admin/nodes/${id}/logs`, { message: 'one' })
    const made = await createToken(server, { scopes: ['read'] })
    const headers = { 'X-Admin-Token': made.token }
    const url = `${server.url}/admin/nodes/${id}/logs/stream`
    const first = await openStream(url, headers)
    await first.event('the entry', ({ event }) => event === 'log')
    const again = await openStream(url, { ...headers, 'Last-Event-ID': first.lastId() })
    const all = await openStream(`${server.url}/admin/nodes/stream`, headers)
    const others = await openStream(url, { 'X-Admin-Token': server.token })
    const path = `/admin/tokens/${made.token_id}`
    expect((await server.fetch(path, { method: 'DELETE' })).status).toBe(204)
    await Promise.all([first.ended, again.ended, all.ended])
    expect((await withToken(server, made.token)('/admin/nodes')).status).toBe(401)
    expect(await refusal(await server.fetch(path, { method: 'DELETE' }))).toEqual([
      404,
      'token not found',
    ])
    await server.post(`/admin/nodes/${id}/logs`, { message: 'two' })
    await others.event('what comes next', ({ data }) => data.message === 'two')
  })

  it('is as good after a restart, and gone if it was revoked before', async () => {
    const dataDir = await temporaryFolder()
    const first = await startServer({ dataDir })
    const [kept, gone] = [
      await createToken(first, { scopes: ['read'] }),
      await createToken(first, { scopes: ['read'] }),
    ]
    await first.fetch(`/admin/tokens/${gone.token_id}`, { method: 'DELETE' })
    await first.kill()
    const second = await startServer({ dataDir })
    expect((await withToken(second, kept.token)('/admin/nodes')).status).toBe(200)
    expect((await withToken(second, gone.token)('/admin/nodes')).status).toBe(401)
  })

  it('that has ended locks nobody out, and one that was mistyped does', async () => {
    const own = await startServer()
    const ended = newTokenText(['ingest'])
    const statuses: number[] = []
    for (let n = 0; n < 15; n += 1) {
      statuses.push((await withToken(own, ended)('/admin/nodes')).status)
    }
    expect(new Set(statuses)).toEqual(new Set([401]))
    expect((await own.fetch('/admin/nodes')).status).toBe(200)
    for (let n = 0; n < 10; n += 1) await withToken(own, `${ended.slice(0, -1)}_`)('/admin/nodes')
    expect((await own.fetch('/admin/nodes')).status).toBe(429)
  })

  it('needs a name and rights that are there, and no limit beside `admin`', async () => {
    const wrong = [
      { name: 'n', scopes: [] },
      { name: 'n', scopes: ['write'] },
      { name: '', scopes: ['read'] },
      { name: 'a\nb', scopes: ['read'] },
      { name: 'n', scopes: ['admin'], nodes: ['a'] },
      { name: 'n', scopes: ['read'], nodes: [] },
      { name: 'n', scopes: ['read'], nodes: ['a b'] },
      { name: 'n', scopes: ['read'], expires_at: 'tomorrow' },
      { name: 'n', scopes: ['read'], expires_at: '2001-01-01T00:00:00Z' },
      { name: 'n', scopes: ['read'], unknown: 1 },
    ]
    for (const body of wrong) {
      expect([body, (await server.post('/admin/tokens', body)).status]).toEqual([body, 400])
    }
  })

  it('with `admin` does what the configured one does', async () => {
    const { token } = await createToken(server, { name: 'second', scopes: ['admin'] })
    const ask = withToken(server, token)
    const body = JSON.stringify({ name: 'third', scopes: ['read'] })
    const made = await ask('/admin/tokens', { method: 'POST', body })
    expect([made.status, await made.json()]).toMatchObject([201, { created_by: 'second' }])
  })

  it('is masked in a log that is sent in, whole or cut', async () => {
    const id = await newNode(server)
    const { token } = await createToken(server, { scopes: ['ingest'] })
    const message = `token ${token} and ${token.slice(0, -6)}`
    await server.post(`/admin/nodes/${id}/logs`, { message })
    const { logs } = (await (await server.fetch(`/admin/nodes/${id}/logs`)).json()) as {
      logs: { message: string }[]
    }
    expect(logs.map(({ message: shown }) => shown)).toEqual(['token *** and ***'])
  })
})

describe('the text of a token', () => {
  it('shows by its checksum that it was mistyped', () => {
    const text = newTokenText(['launch', 'read'])
    expect(text).toMatch(/^lt_launch_/)
    expect(isTokenText(text)).toBe(true)
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === 'x' ? 'y' : 'x'
      expect(isTokenText(text.slice(0, at) + other + text.slice(at + 1))).toBe(false)
    }
    expect([isTokenText(text.slice(0, -1)), isTokenText(`${text}0`), isTokenText('')]).toEqual([
      false,
      false,
      false,
    ])
  })
})

describe('tokens in memory', () => {
  it('cost no read of the database, right or wrong', async () => {
    const database = await newRecords()
    const onFault = (_message: string, error: unknown) => {
      throw error
    }
    const tokens = await openTokens({ database, onFault })
    const { token } = await tokens.create({ name: 'n', scopes: ['read'] }, 'test')
    await database.schema.dropTable('tokens').execute()
    const { digestOf } = await import('../src/rights/token-text.js')
    expect(tokens.principalOf(token, digestOf(token))?.name).toBe('n')
    const wrong = newTokenText(['read'])
    expect(tokens.principalOf(wrong, digestOf(wrong))).toBeUndefined()
    tokens.stop()
  })
})
