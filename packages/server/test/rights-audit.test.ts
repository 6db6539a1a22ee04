import type { AuditLine } from '@launchtail/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAudit } from '../src/rights/audit/audit.js'
import { newNode } from './support/nodes.js'
import { endAll, type RunningServer, startServer, temporaryFolder } from './support/processes.js'
import { rawConnection, rawRequest } from './support/raw-http.js'
import { newRecords } from './support/records.js'
import { createToken, withToken } from './support/tokens.js'

let server: RunningServer

beforeAll(async () => {
  server = await startServer({ env: { LAUNCHTAIL_TRUSTED_PROXIES: '127.0.0.1' } })
})
afterAll(endAll)

async function audit(query = '', of = server): Promise<AuditLine[]> {
  const answer = await of.fetch(`/admin/audit?${query}`)
  expect(answer.status).toBe(200)
  const { audit: lines, count } = (await answer.json()) as { audit: AuditLine[]; count: number }
  expect(count).toBe(lines.length)
  return lines
}

describe('the audit log', () => {
  it('has each write: who, what, on which node, from where, and how it went', async () => {
    const made = await createToken(server, { name: 'mia', scopes: ['launch', 'ingest'] })
    const ask = withToken(server, made.token)
    const headers = { 'X-Forwarded-For': '198.51.100.7' }
    await ask('/admin/nodes', { method: 'POST', body: '{"node_id":"audited"}', headers })
    await ask('/admin/nodes/audited', { method: 'DELETE', headers })
    await server.fetch(`/admin/tokens/${made.token_id}`, { method: 'DELETE' })
    const lines = await audit(`token=${made.token_id}`)
    const who = { token: 'mia', token_id: made.token_id, address: '198.51.100.7', count: 1 }
    expect(lines).toMatchObject([
      { ...who, operation: 'deleteNode', node_id: 'audited', status: 204 },
      { ...who, operation: 'createNode', node_id: 'audited', status: 201 },
    ])
    const ofTokens = (await audit()).filter(({ subject }) => subject === made.token_id)
    expect(ofTokens).toMatchObject([
      { token: 'admin token', operation: 'revokeToken', status: 204 },
      { token: 'admin token', operation: 'createToken', status: 201 },
    ])
    expect(JSON.stringify(await audit())).not.toContain(made.token)
  })

  it('names the node that a launch was given', async () => {
    const body = { provider: 'local', task: '{"run":"true"}' }
    const { node_id } = (await (await server.post('/admin/nodes/launch', body)).json()) as {
      node_id: string
    }
    expect(await audit(`node=${node_id}`)).toMatchObject([{ operation: 'launchNode', status: 202 }])
  })

  it('has each refusal, and why', async () => {
    const id = await newNode(server)
    const { token, token_id } = await createToken(server, { scopes: ['read'] })
    await withToken(server, token)(`/admin/nodes/${id}/terminate`, { method: 'POST' })
    expect(await audit(`token=${token_id}&refused=true`)).toMatchObject([
      {
        operation: 'terminateNode',
        node_id: id,
        status: 403,
        message: "token may not launch, change or end nodes: it needs the right 'launch'",
      },
    ])
    const own = await startServer()
    await withToken(own, 'wrong')('/admin/nodes')
    await withToken(own, '')('/admin/nothing')
    await rawConnection(own.url, rawRequest('GET /admin/%zz')).answer()
    const lines = await audit('refused=true', own)
    expect(lines).toMatchObject([
      { operation: 'unknown', status: 401, message: 'missing admin token', count: 2 },
      { operation: 'listNodes', status: 401, message: 'invalid admin token', count: 1 },
    ])
    expect(lines.every((line) => line.token === undefined)).toBe(true)
  })

  it('has no line for what only reads', async () => {
    const { token, token_id } = await createToken(server, { scopes: ['read', 'launch'] })
    const ask = withToken(server, token)
    for (const path of ['/admin/nodes', '/admin/logs', '/admin/stats']) await ask(path)
    const plan = JSON.stringify({ provider: 'local', task: '{"run":"true"}' })
    expect((await ask('/admin/nodes/plan', { method: 'POST', body: plan })).status).toBe(200)
    expect(await audit(`token=${token_id}`)).toEqual([])
  })

  it('counts logs that are sent in, and the same refusal, in one line', async () => {
    const { token, token_id } = await createToken(server, { scopes: ['ingest'] })
    const ask = withToken(server, token)
    const id = await newNode(server)
    for (let n = 0; n < 20; n += 1) {
      await ask(`/admin/nodes/${id}/logs`, { method: 'POST', body: '{"message":"m"}' })
      await ask(`/admin/nodes/${id}/logs`)
    }
    const lines = await audit(`token=${token_id}`)
    expect(lines.map(({ operation, status, count }) => [operation, status, count]).sort()).toEqual([
      ['appendNodeLogs', 202, 20],
      ['getNodeLogs', 403, 20],
    ])
  })

  it('is read a page at a time, and by time, operation and token', async () => {
    for (let n = 0; n < 5; n += 1) await newNode(server)
    const seen: string[] = []
    let cursor = ''
    for (;;) {
      const answer = await server.fetch(`/admin/audit?operation=createNode&limit=2${cursor}`)
      const page = (await answer.json()) as { audit: AuditLine[]; cursor?: string }
      seen.push(...page.audit.map(({ audit_id }) => audit_id))
      if (page.cursor === undefined) break
      cursor = `&cursor=${page.cursor}`
    }
    const whole = await audit('operation=createNode&limit=1000')
    expect(seen).toEqual(whole.map(({ audit_id }) => audit_id))
    expect(seen.length).toBeGreaterThanOrEqual(5)
    const middle = whole[2] as AuditLine
    const since = await audit(`operation=createNode&since=${encodeURIComponent(middle.at)}`)
    expect(since.every(({ at }) => at > middle.at)).toBe(true)
    expect((await server.fetch('/admin/audit?cursor=nonsense')).status).toBe(400)
  })

  it('is kept over a restart, with what was done right before', async () => {
    const dataDir = await temporaryFolder()
    const first = await startServer({ dataDir })
    await newNode(first)
    await first.stop()
    const second = await startServer({ dataDir })
    expect(await audit('', second)).toMatchObject([{ operation: 'createNode' }])
  })
})

describe('a flood of refusals', () => {
  it('takes no more than some lines a minute, and pushes out nothing that others did', async () => {
    const database = await newRecords()
    let time = 1_700_000_000_000
    const onFault = (_message: string, error: unknown) => {
      throw error
    }
    const log = createAudit({
      ...{ database, retention: 86_400_000, maxLines: 1000, onFault },
      now: () => time,
    })
    const refused = { principal: undefined, operation: 'listNodes', status: 401, isCounted: true }
    for (let n = 0; n < 10_000; n += 1) log.record({ ...refused, address: `198.51.${n % 5000}` })
    const { audit: lines } = await log.list({ limit: 1000 })
    expect(lines.length).toBe(201)
    expect(lines.reduce((sum, { count }) => sum + count, 0)).toBe(10_000)
    expect(lines.find(({ address }) => address === 'many')).toMatchObject({ status: 401 })
    // What somebody with a token does is counted apart.
    const principal = { id: 't', name: 'mia' }
    for (let n = 0; n < 50; n += 1) {
      log.record({ ...refused, principal, operation: `o${n}`, status: 403, address: 'a' })
    }
    expect((await log.list({ limit: 1000, token: 't' })).audit.length).toBe(50)
    time += 60_000
    log.record({ ...refused, address: 'later' })
    expect((await log.list({ limit: 1000 })).audit.length).toBe(252)
    await log.stop()
  })

  it('is trimmed by time and number, lines without a token apart', async () => {
    const database = await newRecords()
    const { auditRows, newAuditId } = await import('../src/rights/audit/audit-rows.js')
    const rows = auditRows(database)
    const line = (at: number, token_id: string | null) => ({
      ...{ audit_id: newAuditId(), at, last_at: at, count: 1, token_id, token: token_id },
      ...{ address: 'a', operation: 'o', node_id: null, subject: null, status: 200, message: null },
    })
    await rows.add(Array.from({ length: 20 }, (_, n) => line(n, n % 2 === 0 ? 't' : null)))
    await rows.removeOlder(4)
    await rows.trim('without token', 3)
    await rows.trim('with token', 5)
    const left = (await rows.list({ limit: 100 })).audit.map(({ at, token }) => [
      Date.parse(at),
      token,
    ])
    expect(left).toEqual([
      [19, undefined],
      [18, 't'],
      [17, undefined],
      [16, 't'],
      [15, undefined],
      [14, 't'],
      [12, 't'],
      [10, 't'],
    ])
  })
})
