import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { type Operation, operations, STREAM_EVENTS } from '@launchtail/client/protocol'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { z } from 'zod'
import { openApi } from '../src/http/openapi/document.js'
import { openSqlite } from '../src/sqlite.js'
import {
  endAll,
  type RunningServer,
  startRedis,
  startServer,
  TOKEN,
  temporaryFolder,
  until,
} from './support/processes.js'
import { rawConnection, rawRequest } from './support/raw-http.js'
import { openStream, type StreamEvent } from './support/stream.js'

const AUTHORIZED = { 'X-Admin-Token': TOKEN }
const TEXT = { 'Content-Type': 'text/plain' }
const NDJSON = { 'Content-Type': 'application/x-ndjson' }
const CURSOR = /^\d+:[0-9a-f]{8}:(log|status|error)$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const JSON_TYPE = { 'Content-Type': 'application/json' }

/** A JSON body that the operation at this path accepts. */
function wellFormed(path: string): string {
  const bodies: Record<string, object> = {
    launch: { provider: 'local', task: '{"run":"true"}' },
    groups: { provider: 'local', task: '{"run":"true"}', replicas: 2 },
    plan: { provider: 'local', task: '{"run":"true"}' },
    logs: { message: 'm' },
    status: { status: 'active' },
    failure: { index: 0 },
    keep: { for: '1h' },
    webhooks: { url: 'http://127.0.0.1:59999/' },
    redeliver: { since: '2026-01-01T00:00:00Z' },
    'stream-tickets': { node_id: 'x', origin: 'https://a.example' },
    revoke: { node_id: 'x' },
    tokens: { name: 'n', scopes: ['read'] },
  }
  return JSON.stringify(bodies[path.split('/').at(-1) ?? ''] ?? {})
}

const isSent = (method: string) => ['POST', 'PUT', 'PATCH'].includes(method)

let server: RunningServer
let made = 0

beforeAll(async () => {
  server = await startServer()
})

afterAll(endAll)

function freshId(): string {
  made += 1
  return `operation-${made}`
}

/** A fresh node with these entries; its id. */
async function node(...entries: object[]): Promise<string> {
  const id = freshId()
  expect((await server.post('/admin/nodes', { node_id: id })).status).toBe(201)
  if (entries.length > 0) expect((await send(id, entries)).status).toBe(202)
  return id
}

function send(id: string, body: unknown, headers?: Record<string, string>): Promise<Response> {
  return server.post(`/admin/nodes/${id}/logs`, body, headers)
}

async function messagesOf(id: string, query = 'tail=all'): Promise<string[]> {
  const response = await server.fetch(`/admin/nodes/${id}/logs?${query}`)
  const { logs } = (await response.json()) as { logs: { message: string }[] }
  return logs.map(({ message }) => message)
}

async function streamOf(id: string, query: string, headers: Record<string, string> = {}) {
  const url = `${server.url}/admin/nodes/${id}/logs/stream?${query}`
  const stream = await openStream(url, { ...AUTHORIZED, ...headers })
  await stream.ended
  return stream
}

/** The answer's JSON, which has exactly the fields that the operation's definition has. */
async function documented(response: Response, operation: Operation): Promise<unknown> {
  const body = await response.json()
  expect([response.status, body]).toEqual([operation.status, expect.anything()])
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expectExactly(body, operation.answer as z.ZodType)
  return body
}

function expectExactly(value: unknown, schema: z.ZodType): void {
  // Parsing drops what the schema does not have.
  expect(value).toEqual(schema.parse(value))
}

async function expectRefusal(response: Response, status: number, message: string | RegExp) {
  const words = typeof message === 'string' ? message : expect.stringMatching(message)
  expect([response.status, await response.json()]).toEqual([status, { error: { message: words } }])
}

describe('registering a node', () => {
  it('answers 201 with the record and where it is', async () => {
    const id = freshId()
    const about = { name: 'A name', provider: 'aws', region: 'us-west-2', gpu: 'A100', model: 'm' }
    const labels = { team: 'ml', constructor: 'x' }
    const response = await server.post('/admin/nodes', { node_id: id, ...about, labels })
    expect(response.headers.get('location')).toBe(`/admin/nodes/${id}`)
    const record = await documented(response, operations.createNode)
    const state = { status: 'launching', phase: 'queued', progress: 0, message: '', phases: [] }
    expect(record).toMatchObject({ node_id: id, ...about, labels, ...state })
    expect(await documented(await server.fetch(`/admin/nodes/${id}`), operations.getNode)).toEqual(
      record,
    )
  })

  it('makes a UUID where no id is given', async () => {
    const response = await server.post('/admin/nodes', {})
    const { node_id: id } = (await documented(response, operations.createNode)) as {
      node_id: string
    }
    expect(id).toMatch(UUID)
    expect(response.headers.get('location')).toBe(`/admin/nodes/${id}`)
  })

  it('refuses an id that is taken, also to one of several at once', async () => {
    const id = await node()
    await expectRefusal(
      await server.post('/admin/nodes', { node_id: id }),
      409,
      `a node named "${id}" already exists`,
    )
    const body = { node_id: freshId() }
    const racing = Array.from({ length: 8 }, () => server.post('/admin/nodes', body))
    const statuses = (await Promise.all(racing)).map(({ status }) => status)
    expect(statuses.sort()).toEqual([201, ...Array.from({ length: 7 }, () => 409)])
  })

  it('takes no more labels than a record can carry', async () => {
    const labels = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, 'x']))
    const response = await server.post('/admin/nodes', { labels })
    await expectRefusal(response, 400, "'labels' must have at most 64 labels")
    labels.l64 = undefined as unknown as string
    expect((await server.post('/admin/nodes', { labels })).status).toBe(201)
  })

  it('names each field that is wrong', async () => {
    const body = { node_id: '../x', provider: '--flag', gpu: '', labels: { a: 1 } }
    const response = await server.post('/admin/nodes', body)
    await expectRefusal(
      response,
      400,
      /^'node_id' .*; 'provider' must not begin with "-".*; 'gpu' must not be empty.*; 'labels\.a' /,
    )
  })
})

describe('listing nodes', () => {
  it('answers the newest first, in pages that leave nothing out and repeat nothing', async () => {
    const provider = `p${Date.now()}`
    const ids: string[] = []
    for (let i = 0; i < 7; i += 1) {
      const id = freshId()
      ids.unshift(id)
      const about = { provider, model: i % 2 ? 'Odd-100%' : 'even_model' }
      expect((await server.post('/admin/nodes', { node_id: id, ...about })).status).toBe(201)
    }
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const query = `provider=${provider}&limit=3${cursor === undefined ? '' : `&cursor=${cursor}`}`
      const page = (await documented(
        await server.fetch(`/admin/nodes?${query}`),
        operations.listNodes,
      )) as { nodes: { node_id: string }[]; count: number; cursor?: string }
      expect(page.count).toBe(page.nodes.length)
      seen.push(...page.nodes.map(({ node_id: id }) => id))
      cursor = page.cursor
    } while (cursor !== undefined)
    // Of those made in one millisecond the id decides.
    expect([...seen].sort()).toEqual([...ids].sort())
    expect(seen).toHaveLength(7)

    const response = await server.fetch(`/admin/nodes?provider=${provider}&q=${ids[0]}`)
    expect(await response.json()).toMatchObject({ count: 1 })
  })

  it('takes only those that have what is looked for, whatever its capitals', async () => {
    await expectFound([
      ['ODD', 2],
      ['n-mod', 1],
      ['nowhere', 0],
      [`"' or 1=1 --"`, 0],
    ])
  })

  it('looks for wildcards as they are written, and not among the fields’ names', async () => {
    await expectFound([
      ['100%', 2],
      ['EVEN_', 1],
      ['0_%', 0],
      ['gpu_count', 0],
    ])
  })

  async function expectFound(expected: [q: string, count: number][]): Promise<void> {
    const provider = `p${freshId()}`
    for (const model of ['Odd-100%', 'Odd-100%', 'even_model', 'even-model']) {
      expect((await server.post('/admin/nodes', { provider, model })).status).toBe(201)
    }
    for (const [q, count] of expected) {
      const query = `provider=${provider}&q=${encodeURIComponent(q)}`
      const response = await server.fetch(`/admin/nodes?${query}`)
      expect([q, ((await response.json()) as { count: number }).count]).toEqual([q, count])
    }
  }

  it('takes only those in a phase', async () => {
    const id = await node({ message: 'x', phase: 'model_loading', progress: 72 })
    const response = await server.fetch('/admin/nodes?phase=model_loading&limit=1000')
    const { nodes } = (await response.json()) as { nodes: { node_id: string; phase: string }[] }
    expect(nodes.map(({ node_id }) => node_id)).toContain(id)
    expect(new Set(nodes.map(({ phase }) => phase))).toEqual(new Set(['model_loading']))
  })
})

describe('a node', () => {
  it('is where its log says, as soon as the log has been answered for', async () => {
    const id = await node()
    for (const [entry, state] of [
      [
        { phase: 'provisioning', progress: 12 },
        { status: 'launching', progress: 12 },
      ],
      [
        { phase: 'installing', progress: 60 },
        { status: 'launching', progress: 60 },
      ],
      [
        { phase: 'active', progress: 100, details: 'http://10.0.0.1:8000' },
        { status: 'active', progress: 100, endpoint: 'http://10.0.0.1:8000' },
      ],
    ] as const) {
      await send(id, { message: `now ${entry.phase}`, ...entry })
      const response = await server.fetch(`/admin/nodes/${id}`)
      const record = await documented(response, operations.getNode)
      expect(record).toMatchObject({ phase: entry.phase, message: `now ${entry.phase}`, ...state })
    }
    const { phases, ended_at } = (await (await server.fetch(`/admin/nodes/${id}`)).json()) as {
      phases: { phase: string; ended_at?: string; duration_ms?: number }[]
      ended_at: string
    }
    expect(phases.map(({ phase }) => phase)).toEqual(['provisioning', 'installing', 'active'])
    expect(phases.slice(0, 2).every(({ duration_ms }) => (duration_ms ?? -1) >= 0)).toBe(true)
    expect(Date.parse(ended_at)).not.toBeNaN()
  })

  it('that is unknown is not found, by any operation that names one', async () => {
    for (const { method, path, accepts } of Object.values<Operation>(operations)) {
      if (!path.includes('{id}')) continue
      const sent = accepts
        ? { body: 'x\n', headers: TEXT }
        : { body: wellFormed(path), headers: JSON_TYPE }
      const init = { method, ...(isSent(method) && sent) }
      const response = await server.fetch(path.replace('{id}', 'never-made'), init)
      expect([path, response.status]).toEqual([path, 404])
      expect(response.headers.get('content-type')).toMatch(/^application\/json/)
      if (method !== 'HEAD') {
        const [, of] = /^\/admin\/(\w+)s\//.exec(path) ?? []
        const kind = path.includes('/deliveries/{id}') ? 'delivery' : of
        expect(await response.json()).toEqual({ error: { message: `${kind} not found` } })
      }
    }
  })

  it('that is deleted is gone, with its log', async () => {
    const id = await node({ message: 'old' })
    const response = await server.fetch(`/admin/nodes/${id}`, { method: 'DELETE' })
    expect([response.status, await response.text()]).toEqual([204, ''])
    for (const path of ['', '/logs', '/logs/stream', '/logs/export']) {
      expect((await server.fetch(`/admin/nodes/${id}${path}`)).status).toBe(404)
    }
    expect((await server.fetch(`/admin/nodes/${id}`, { method: 'DELETE' })).status).toBe(404)
    await server.post('/admin/nodes', { node_id: id })
    expect(await messagesOf(id)).toEqual([])
  })
})

describe('launching a node', () => {
  const request = (more: object = {}) => ({
    provider: 'local',
    task: JSON.stringify({ run: 'exec sleep 300' }),
    ...more,
  })

  it('answers 202 at once; running it can be terminated but neither launched again nor deleted', async () => {
    const id = freshId()
    const body = request({ node_id: id, region: 'us-west-2', gpu: 'A100', use_spot: true })
    const response = await server.post('/admin/nodes/launch', body)
    expect(response.headers.get('location')).toBe(`/admin/nodes/${id}`)
    expect(await documented(response, operations.launchNode)).toEqual({
      node_id: id,
      cluster_name: expect.stringMatching(/^cic-local-uswest2-a100-spot-[a-z0-9]+$/),
      status: 'launching',
    })
    const stream = await openStream(`${server.url}/admin/nodes/${id}/logs/stream`, AUTHORIZED)
    await stream.event('the first entry', ({ event }) => event === 'log')

    expect((await server.post('/admin/nodes/launch', body)).status).toBe(409)
    const kept = await server.fetch(`/admin/nodes/${id}`, { method: 'DELETE' })
    await expectRefusal(kept, 409, /terminate it first/)

    const path = `/admin/nodes/${id}/terminate`
    await documented(await server.fetch(path, { method: 'POST' }), operations.terminateNode)
    await stream.ended
    expect(stream.events.at(-1)).toMatchObject({ event: 'done', data: { status: 'terminated' } })
    expect((await server.fetch(`/admin/nodes/${id}`, { method: 'DELETE' })).status).toBe(204)
  })

  it('can be planned, which launches nothing', async () => {
    const id = freshId()
    const answer = await documented(
      await server.post('/admin/nodes/plan', request({ node_id: id, gpu: 'unheard-of' })),
      operations.planLaunch,
    )
    expect(answer).toEqual({
      task: 'run: exec sleep 300\n',
      places: [{ infra: 'local', gpu: '' }],
      problems: [],
      history: { launches: 0, succeeded: 0, phases: [], causes: [] },
    })
    expect((await server.fetch(`/admin/nodes/${id}`)).status).toBe(404)
    const misspelt = await server.post('/admin/nodes/plan', request({ regoin: 'x' }))
    await expectRefusal(misspelt, 400, /did you mean 'region'/)
  })

  it('makes a UUID where no id is given', async () => {
    const { node_id: id } = (await documented(
      await server.post('/admin/nodes/launch', request()),
      operations.launchNode,
    )) as { node_id: string }
    expect(id).toMatch(UUID)
    await server.fetch(`/admin/nodes/${id}/terminate`, { method: 'POST' })
  })

  it('is done once for a key: the same answer again, 422 for another body', async () => {
    const key = { 'Idempotency-Key': freshId() }
    const first = await server.post('/admin/nodes/launch', request(), key)
    expect(first.headers.has('idempotent-replayed')).toBe(false)
    const answer = (await first.json()) as { node_id: string }
    const again = await server.post('/admin/nodes/launch', request(), key)
    expect([again.status, await again.json()]).toEqual([202, answer])
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again.headers.get('location')).toBe(`/admin/nodes/${answer.node_id}`)
    const other = await server.post('/admin/nodes/launch', request({ gpu: 'h100' }), key)
    await expectRefusal(other, 422, /^'Idempotency-Key' was used/)
    await server.fetch(`/admin/nodes/${answer.node_id}/terminate`, { method: 'POST' })
  })

  it('is done once for a key that several bring at once: the others are told to wait', async () => {
    const key = { 'Idempotency-Key': freshId() }
    const provider = { region: `r${Date.now()}` }
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => server.post('/admin/nodes/launch', request(provider), key)),
    )
    const ids = new Set<string>()
    for (const answer of answers) {
      const body = (await answer.json()) as { node_id: string }
      if (answer.status === 202) ids.add(body.node_id)
      else expect([answer.status, answer.headers.get('retry-after')]).toEqual([409, '1'])
    }
    expect(ids.size).toBe(1)
    const list = await server.fetch(`/admin/nodes?q=${provider.region}`)
    expect(await list.json()).toMatchObject({ count: 1 })
    for (const id of ids) await server.fetch(`/admin/nodes/${id}/terminate`, { method: 'POST' })
  })

  it('refuses what cannot be launched, in words', async () => {
    for (const [body, message] of [
      [{}, /^'provider' is required/],
      [request({ gpu_count: 0 }), /^'gpu_count' /],
      [request({ provider: '--help' }), /^'provider' must not begin with "-"/],
      [request({ envs: { 'A B': 'x' } }), /^'envs\.A B' /],
      [request({ task: 'run: [' }), /.{10}/],
    ] as const) {
      await expectRefusal(await server.post('/admin/nodes/launch', body), 400, message)
    }
  })
})

describe('a launch that something else makes', () => {
  const setStatus = (id: string, body: object) => server.post(`/admin/nodes/${id}/status`, body)

  it('fails with the cause that its log shows, once', async () => {
    const id = await node(
      { message: 'Loading weights', phase: 'model_loading', progress: 75 },
      { message: 'torch.OutOfMemoryError: CUDA out of memory.', level: 'error' },
    )
    const failed = { status: 'failed', message: 'the command ended with exit code 100' }
    const answer = await setStatus(id, failed)
    expect(await documented(answer, operations.setNodeStatus)).toMatchObject({
      status: 'failed',
      failure: {
        code: 'gpu_out_of_memory',
        phase: 'model_loading',
        message: 'torch.OutOfMemoryError: CUDA out of memory.',
        details: expect.stringContaining('exit code 100'),
        evidence: [{ index: 1 }],
      },
    })
    expect((await setStatus(id, failed)).status).toBe(200)
    expect(await messagesOf(id)).toHaveLength(3)
    const { events } = await streamOf(id, 'tail=1')
    expect(events.map(({ event }) => event)).toEqual(['log', 'error', 'done'])
  })

  it('fails for the reason that is given, whatever its log shows', async () => {
    const id = await node({ message: 'RuntimeError: CUDA out of memory.', level: 'error' })
    const code = 'no_capacity'
    const record = (await (await setStatus(id, { status: 'failed', code })).json()) as {
      failure: object
    }
    expect(record.failure).toMatchObject({ code, evidence: [{ index: 1 }] })
    const other = await setStatus(id, { status: 'failed', code: 'no_reason' })
    await expectRefusal(other, 400, /^'code' is none of the causes/)
  })

  it('is active with its endpoint, which does not change, and may end later', async () => {
    const id = await node({ message: 'Loading weights', phase: 'model_loading' })
    const endpoint = 'http://10.0.0.1:8000'
    expect(await (await setStatus(id, { status: 'active' })).json()).toMatchObject({
      status: 'active',
      message: 'Node is ready and serving requests!',
      progress: 100,
    })
    const known = await setStatus(id, { status: 'active', endpoint })
    expect(await known.json()).toMatchObject({ endpoint })
    const other = await setStatus(id, { status: 'active', endpoint: 'http://10.0.0.2' })
    await expectRefusal(other, 409, `node ${id} is active at ${endpoint} already`)
    const ended = await setStatus(id, { status: 'terminated' })
    expect(await ended.json()).toMatchObject({ status: 'terminated' })
    const still = await setStatus(id, { status: 'failed' })
    expect(await still.json()).toMatchObject({ status: 'terminated' })
  })

  it('refuses what makes no sense, in words, and a launch of the server’s own', async () => {
    const id = await node()
    for (const [body, message] of [
      [{}, /^'status' /],
      [{ status: 'launching' }, /^'status' /],
      [{ status: 'failed', endpoint: 'http://a' }, "'endpoint' belongs to an active node alone"],
      [{ status: 'active', endpoint: 'a:80' }, /^'endpoint' must be an address that begins with/],
      [{ status: 'active', code: 'lost' }, "'code' belongs to a failed node alone"],
      [{ status: 'active', reason: 'x' }, /reason/],
    ] as const) {
      await expectRefusal(await setStatus(id, body), 400, message)
    }
    await expectRefusal(await setStatus('nobody', { status: 'active' }), 404, 'node not found')
    const launched = await server.post('/admin/nodes/launch', {
      provider: 'local',
      task: 'run: read -r never',
    })
    const { node_id: ours } = (await launched.json()) as { node_id: string }
    await expectRefusal(await setStatus(ours, { status: 'failed' }), 409, /terminate it instead$/)
    await server.fetch(`/admin/nodes/${ours}/terminate`, { method: 'POST' })
  })

  it('beats with 204, and says how long it may be silent', async () => {
    const id = await node()
    for (const body of [{}, { lost_after: '10m' }]) {
      const { status } = await server.post(`/admin/nodes/${id}/beat`, body)
      expect(status).toBe(204)
    }
    const wrong = await server.post(`/admin/nodes/${id}/beat`, { lost_after: 'soon' })
    await expectRefusal(wrong, 400, /^'lost_after' must be a duration/)
    await expectRefusal(await server.post('/admin/nodes/nobody/beat', {}), 404, 'node not found')
  })

  it('is active as soon as its ready_url answers 2xx, also over a restart of the server', async () => {
    let status = 503
    const serves = createServer((_, response) => response.writeHead(status).end()).listen(0)
    onTestFinished(() => void serves.close())
    await once(serves, 'listening')
    const base = `http://127.0.0.1:${(serves.address() as { port: number }).port}`
    const dataDir = await temporaryFolder()
    const first = await startServer({ dataDir })
    const body = { node_id: 'asked', ready_url: `${base}/v1/ready?deep=1` }
    expect((await first.post('/admin/nodes', body)).status).toBe(201)
    const phaseOn = async (on: RunningServer) =>
      ((await (await on.fetch('/admin/nodes/asked')).json()) as { phase: string }).phase
    await until('the server to be asked', async () => (await phaseOn(first)) === 'health_check')
    await first.kill()
    const second = await startServer({ dataDir })
    status = 204
    await until('the node to be active', async () => (await phaseOn(second)) === 'active')
    expect(await (await second.fetch('/admin/nodes/asked')).json()).toMatchObject({
      endpoint: base,
    })
  }, 30_000)
})

describe('sending entries in', () => {
  it('answers 202 with how many were taken and the cursor of the last, in each type', async () => {
    const id = await node()
    for (const [body, headers, accepted] of [
      [{ message: 'one' }, {}, 1],
      [
        [
          { message: 'two', progress: 5 },
          { message: 'three', level: 'error' },
        ],
        {},
        2,
      ],
      ['{"message":"four"}\n{"message":"five"}\n', NDJSON, 2],
      ['six\nseven\neight\n', TEXT, 3],
    ] as const) {
      const response = await send(id, body, headers)
      const answer = await documented(response, operations.appendNodeLogs)
      expect(answer).toEqual({ accepted, cursor: expect.stringMatching(CURSOR) })
      const { cursor } = answer as { cursor: string }
      const history = await server.fetch(`/admin/nodes/${id}/logs`)
      expect(history.headers.get('log-cursor')).toBe(cursor)
    }
    const all = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight']
    expect(await messagesOf(id)).toEqual(all)
    const none = await send(id, [])
    expect(await documented(none, operations.appendNodeLogs)).toMatchObject({ accepted: 0 })
  })

  it('fills in what is left out: now, info, and the phase the node is in', async () => {
    const id = await node({ message: 'a', phase: 'installing', progress: 61 })
    const before = Date.now()
    await send(id, { message: 'b' })
    const response = await server.fetch(`/admin/nodes/${id}/logs?tail=1`)
    const { logs } = (await response.json()) as { logs: { timestamp: string }[] }
    expect(logs).toEqual([
      { timestamp: expect.any(String), level: 'info', message: 'b', phase: 'installing' },
    ])
    expect(Date.parse(String(logs[0]?.timestamp))).toBeGreaterThanOrEqual(before)
  })
})

describe('an Idempotency-Key', () => {
  const bodies = [
    ['JSON', '[{"message":"a"},{"message":"b"}]', '[{"message":"c"}]', {}],
    ['NDJSON', '{"message":"a"}\n{"message":"b"}\n', '{"message":"c"}\n', NDJSON],
    ['plain text', 'a\nb\n', 'c\n', TEXT],
    ['plain text, of which more has come', 'a\nb\n', 'a\nb\nc\n', TEXT],
    ['plain text, of which less has come', 'a\nb\n', 'a\n', TEXT],
  ] as const

  it.each(bodies)(
    'gives the same answer to the same %s and refuses another, and both store nothing',
    async (_what, body, other, headers) => {
      const id = await node({ message: 'before' })
      const key = { ...headers, 'Idempotency-Key': 'k-1' }
      const first = await send(id, body, key)
      expect(first.headers.has('idempotent-replayed')).toBe(false)
      const answer = await first.json()
      expect([first.status, answer]).toMatchObject([202, { accepted: 2 }])
      await send(id, { message: 'between' })
      for (let i = 0; i < 2; i += 1) {
        const again = await send(id, body, key)
        expect([again.status, await again.json()]).toEqual([202, answer])
        expect(again.headers.get('idempotent-replayed')).toBe('true')
      }
      await expectRefusal(await send(id, other, key), 422, /^'Idempotency-Key' was used/)
      expect(await messagesOf(id)).toEqual(['before', 'a', 'b', 'between'])
    },
  )

  it('is another one at another node, and with another token', async () => {
    const second = 'another-token-0123456789'
    const both = await startServer({ env: { LAUNCHTAIL_ADMIN_TOKEN: `${TOKEN},${second}` } })
    for (const id of ['one', 'two']) {
      await both.fetch('/admin/nodes', {
        method: 'POST',
        body: JSON.stringify({ node_id: id }),
        headers: { 'X-Admin-Token': TOKEN, 'Content-Type': 'application/json' },
      })
    }
    for (const [id, token] of [
      ['one', TOKEN],
      ['two', TOKEN],
      ['one', second],
    ] as const) {
      const headers = { 'X-Admin-Token': token, 'Idempotency-Key': 'k', ...TEXT }
      const path = `${both.url}/admin/nodes/${id}/logs`
      const response = await fetch(path, { method: 'POST', body: `by ${token}\n`, headers })
      expect(await response.json()).toMatchObject({ accepted: 1 })
      expect(response.headers.has('idempotent-replayed')).toBe(false)
    }
  })

  it('of a body that is still being sent is refused to a second one', async () => {
    const id = await node()
    const headers = { ...AUTHORIZED, ...TEXT, 'Idempotency-Key': 'k', 'Content-Length': '6' }
    const first = rawConnection(server.url, rawRequest(`POST /admin/nodes/${id}/logs`, headers))
    first.send('a\nb')
    await until('the first line', async () => (await messagesOf(id)).length === 1)
    const key = { ...TEXT, 'Idempotency-Key': 'k' }
    const second = await send(id, 'a\nbcd\n', key)
    expect(second.headers.get('retry-after')).toBe('1')
    await expectRefusal(second, 409, /still in progress/)
    first.send('cd\n')
    expect((await first.answer()).json()).toMatchObject({ accepted: 2 })
    const again = await send(id, 'a\nbcd\n', key)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(await messagesOf(id)).toEqual(['a', 'bcd'])
  })

  it('of a body that was cut goes on where it was cut', async () => {
    const id = await node()
    const headers = { ...AUTHORIZED, ...TEXT, 'Idempotency-Key': 'k', 'Content-Length': '60' }
    const first = rawConnection(server.url, rawRequest(`POST /admin/nodes/${id}/logs`, headers))
    first.send('a\nb\nhal')
    await until('two lines', async () => (await messagesOf(id)).length === 2)
    first.end()
    const again = await until('the key to be free', async () => {
      const response = await send(id, 'a\nb\nhalf\nc\n', { ...TEXT, 'Idempotency-Key': 'k' })
      return response.status !== 409 && response
    })
    expect(again.status).toBe(202)
    expect(await messagesOf(id)).toEqual(['a', 'b', 'half', 'c'])
  })

  it('of entries that wait for the storage is refused to a second one', async () => {
    const redis = await startRedis()
    const slow = await startServer({ env: { REDIS_URL: redis.url } })
    await slow.post('/admin/nodes', { node_id: 'slow' })
    const key = { 'Idempotency-Key': 'k' }
    const body = { message: 'x' }
    expect((await slow.post('/admin/nodes/slow/logs', body)).status).toBe(202)
    redis.signal('SIGSTOP')
    const racing = Array.from({ length: 4 }, () => slow.post('/admin/nodes/slow/logs', body, key))
    const answers = await Promise.all(racing)
    const statuses = answers.map(({ status }) => status).sort()
    redis.signal('SIGCONT')
    expect(statuses).toEqual([409, 409, 409, 503])
    for (const { headers } of answers) expect(headers.get('retry-after')).toBe('1')
    const last = await until('the storage to be back', async () => {
      const response = await slow.post('/admin/nodes/slow/logs', body, key)
      return response.status === 202 && response
    })
    expect(await last.json()).toMatchObject({ accepted: 1 })
    const response = await slow.fetch('/admin/nodes/slow/logs')
    expect(await response.json()).toMatchObject({ count: 2 })
  })

  it.each(['', ' ', 'a b', 'x'.repeat(256), 'schlüssel'])(
    'that is none is refused: "%s"',
    async (key) => {
      const id = await node()
      for (const headers of [{}, TEXT] as Record<string, string>[]) {
        const response = await send(id, '{"message":"x"}', { ...headers, 'Idempotency-Key': key })
        await expectRefusal(response, 400, /^'Idempotency-Key' must be 1 to 255/)
      }
      expect(await messagesOf(id)).toEqual([])
    },
  )
})

describe('raw output that is named by a Log-Source', () => {
  const SOURCE = '123e4567-e89b-42d3-a456-426614174000'
  const at = (offset: number, source = SOURCE) => ({
    ...TEXT,
    'Log-Source': source,
    'Log-Offset': String(offset),
  })

  async function offsetOf(id: string, source = SOURCE): Promise<string | null> {
    const init = { method: 'HEAD', headers: { 'Log-Source': source } }
    const response = await server.fetch(`/admin/nodes/${id}/logs`, init)
    expect([response.status, await response.text()]).toEqual([200, ''])
    return response.headers.get('log-offset')
  }

  it('is taken on from where it is: what is in already is skipped', async () => {
    const id = await node()
    expect(await offsetOf(id)).toBe('0')
    for (const [offset, body, accepted, next] of [
      [0, 'one\ntwo\n', 2, '8'],
      [0, 'one\ntwo\n', 0, '8'],
      [0, 'one\ntwo\nthree\n', 1, '14'],
      [4, 'two\nthree\nfour\n', 1, '19'],
      [19, 'five\n', 1, '24'],
      [24, '', 0, '24'],
    ] as const) {
      const response = await send(id, body, at(offset))
      expect(await response.json()).toMatchObject({ accepted })
      expect(await offsetOf(id)).toBe(next)
    }
    expect(await messagesOf(id)).toEqual(['one', 'two', 'three', 'four', 'five'])
    expect(await offsetOf(id, SOURCE.toUpperCase())).toBe('24')
    expect(await offsetOf(id, SOURCE.replace('1', '2'))).toBe('0')
  })

  it('with a hole is refused with where to go on, and nothing is stored', async () => {
    const id = await node()
    await send(id, 'one\n', at(0))
    const response = await send(id, 'three\n', at(8))
    expect(response.headers.get('log-offset')).toBe('4')
    await expectRefusal(response, 409, /.{10}/)
    expect(await messagesOf(id)).toEqual(['one'])
    const other = await send(id, 'x\n', at(1, SOURCE.replace('1', '2')))
    expect([other.status, other.headers.get('log-offset')]).toEqual([409, '0'])
  })

  it('that was cut in the middle of a line, and of a character, is sent again without loss', async () => {
    const whole = Buffer.from('one\nzwölf\ndrei\n')
    for (const cut of [2, 4, 7, whole.indexOf(0xb6), 11, whole.length - 1]) {
      const id = await node()
      const line = `POST /admin/nodes/${id}/logs`
      const headers = { ...AUTHORIZED, ...at(0), 'Content-Length': String(whole.length) }
      const first = rawConnection(server.url, rawRequest(line, headers))
      first.send(whole.subarray(0, cut))
      const lines = whole.subarray(0, cut).toString('latin1').split('\n').length - 1
      await until('the whole lines', async () => (await messagesOf(id)).length === lines)
      first.end()
      const offset = Number(await offsetOf(id))
      expect(offset).toBe(whole.lastIndexOf('\n', cut - 1) + 1)
      const rest = rawRequest(
        line,
        { ...AUTHORIZED, ...at(offset), Connection: 'close' },
        whole.subarray(offset).toString(),
      )
      expect((await rawConnection(server.url, rest).answer()).status).toBe(202)
      expect([cut, await messagesOf(id)]).toEqual([cut, ['one', 'zwölf', 'drei']])
    }
  })

  it('is visible line by line while its body stays open', async () => {
    const id = await node()
    const stream = await openStream(`${server.url}/admin/nodes/${id}/logs/stream`, AUTHORIZED)
    const headers = { ...AUTHORIZED, ...at(0), 'Transfer-Encoding': 'chunked' }
    const body = rawConnection(server.url, rawRequest(`POST /admin/nodes/${id}/logs`, headers))
    for (const line of ['first', 'second', 'third']) {
      body.send(`${(line.length + 1).toString(16)}\r\n${line}\n\r\n`)
      await stream.event(line, ({ data }) => data.message === line)
    }
    body.send('0\r\n\r\n')
    expect((await body.answer()).json()).toMatchObject({ accepted: 3 })
  })

  it('is refused where the name or the offset is none', async () => {
    const id = await node()
    for (const [headers, message] of [
      [{ 'Log-Source': 'x' }, "'Log-Source' must be a UUID"],
      [{ 'Log-Source': `${SOURCE}\u00e9` }, "'Log-Source' must be a UUID"],
      [{ 'Log-Offset': '0' }, "'Log-Offset' needs a 'Log-Source'"],
      [{ 'Log-Source': SOURCE, 'Log-Offset': '-1' }, /^'Log-Offset' must be/],
      [{ 'Log-Source': SOURCE, 'Log-Offset': '1e3' }, /^'Log-Offset' must be/],
      [{ 'Log-Source': SOURCE, 'Log-Offset': '' }, /^'Log-Offset' must be/],
      [{ 'Log-Source': SOURCE, 'Log-Offset': '9'.repeat(30) }, /^'Log-Offset' must be/],
    ] as const) {
      const response = await send(id, 'x\n', { ...TEXT, ...headers } as Record<string, string>)
      await expectRefusal(response, 400, message)
    }
    expect(await messagesOf(id)).toEqual([])
  })
})

describe('the log as JSON', () => {
  it('is, to the letter, what the specification shows', async () => {
    const id = await node()
    await send(id, [
      {
        progress: 0,
        phase: 'queued',
        message: 'Node launch request queued',
        level: 'info',
        timestamp: '2024-01-15T10:30:00Z',
        extra: 'not kept',
      },
      { timestamp: '2024-01-15T10:30:05Z', level: 'warn', message: 'ü', phase: 'provisioning' },
      { timestamp: '2024-01-15T10:30:06Z', message: 'x', details: '', progress: 10.5 },
      { timestamp: '2024-01-15T10:30:07Z', message: 'y', details: 'more' },
    ])
    const text = await (await server.fetch(`/admin/nodes/${id}/logs`)).text()
    expect(text).toBe(
      `{"node_id":"${id}","count":4,"logs":[` +
        '{"timestamp":"2024-01-15T10:30:00Z","level":"info","message":"Node launch request queued","phase":"queued","progress":0},' +
        '{"timestamp":"2024-01-15T10:30:05Z","level":"warn","message":"ü","phase":"provisioning"},' +
        '{"timestamp":"2024-01-15T10:30:06Z","level":"info","message":"x","phase":"provisioning","progress":10.5},' +
        '{"timestamp":"2024-01-15T10:30:07Z","level":"info","message":"y","phase":"provisioning","details":"more"}]}',
    )
  })

  it('is empty for a node that has none, and the cursor is the one before all entries', async () => {
    const id = await node()
    const response = await server.fetch(`/admin/nodes/${id}/logs`)
    expect(await documented(response, operations.getNodeLogs)).toEqual({
      node_id: id,
      count: 0,
      logs: [],
    })
    expect(response.headers.get('log-cursor')).toBe('-1:0:log')
    expect(response.headers.has('log-expired')).toBe(false)
  })

  it('can be paged by `before` and `after`, with nothing left out or given twice', async () => {
    const messages = Array.from({ length: 23 }, (_, i) => `m${i}`)
    const id = await node(...messages.map((message) => ({ message })))
    const { events } = await streamOf(id, 'follow=false&tail=all')
    const cursors = events.filter(({ event }) => event === 'log').map((event) => event.id)
    expect(await messagesOf(id, `before=${cursors[20]}&tail=5`)).toEqual(messages.slice(15, 20))
    expect(await messagesOf(id, `after=${cursors[20]}`)).toEqual(messages.slice(21))
    for (const path of ['logs', 'logs/export']) {
      const query = `after=${cursors[3]}&before=${cursors[7]}`
      const both = await server.fetch(`/admin/nodes/${id}/${path}?${query}`)
      await expectRefusal(both, 400, "'before' and 'after' exclude each other")
    }
    expect(await messagesOf(id, `after=${cursors[3]}&tail=2`)).toEqual(messages.slice(4, 6))
    expect(await messagesOf(id, `before=${cursors[0]}`)).toEqual([])
    expect(await messagesOf(id, 'after=-1:0:log&tail=all')).toEqual(messages)
    const backwards: string[] = []
    for (let before = ''; ; ) {
      const page = await messagesOf(id, `tail=6${before}`)
      if (page.length === 0) break
      backwards.unshift(...page)
      before = `&before=${cursors[messages.indexOf(page[0] as string)]}`
    }
    expect(backwards).toEqual(messages)
  })

  it.each(['', '&level=error', '&level=error,debug', `&since=1h`])(
    'is paged from the answers’ headers alone, both ways, while entries are added: "%s"',
    async (filter) => {
      const levels = ['info', 'error', 'debug'] as const
      const drafts = Array.from({ length: 40 }, (_, i) => ({
        message: `m${i}`,
        level: levels[i % 3] as (typeof levels)[number],
      }))
      const id = await node(...drafts)
      const expected = await messagesOf(id, `tail=all${filter}`)
      const page = async (query: string) => {
        const response = await server.fetch(`/admin/nodes/${id}/logs?tail=4${query}${filter}`)
        const { count, logs } = (await response.json()) as {
          count: number
          logs: { message: string }[]
        }
        expect(count).toBe(logs.length)
        const first = response.headers.get('Log-First')
        const last = response.headers.get('Log-Cursor')
        return { messages: logs.map(({ message }) => message), first, last }
      }
      const backwards: string[] = []
      let newest: string | null = null
      for (let query = ''; ; ) {
        const { messages, first, last } = await page(query)
        newest ??= last
        backwards.unshift(...messages)
        await send(id, { message: 'added', level: 'error' })
        if (first === null) break
        query = `&before=${first}`
      }
      expect(backwards).toEqual(expected)
      const forwards: string[] = []
      for (let after = '-1:0:log'; after !== newest; ) {
        const { messages, last } = await page(`&after=${after}`)
        forwards.push(...messages)
        if (messages.includes('added') || last === after) break
        after = String(last)
      }
      expect(forwards.filter((message) => message !== 'added')).toEqual(expected)
      // What is left to be told when there is nothing new.
      const all = await server.fetch(`/admin/nodes/${id}/logs?tail=1`)
      const end = String(all.headers.get('Log-Cursor'))
      expect(await page(`&after=${end}`)).toEqual({ messages: [], first: null, last: end })
    },
  )

  it('refuses a cursor that is none, and one that is not in the log any more', async () => {
    const id = await node({ message: 'x' })
    for (const name of ['before', 'after']) {
      for (const wrong of ['', 'x', '5', '0:zz:log', '1e9', '-2:0:log']) {
        const response = await server.fetch(`/admin/nodes/${id}/logs?${name}=${wrong}`)
        await expectRefusal(response, 400, `invalid '${name}' value`)
      }
      for (const gone of ['0:aaaaaaaa:log', '99:aaaaaaaa:log', '999999999999999:aaaaaaaa:log']) {
        const response = await server.fetch(`/admin/nodes/${id}/logs?${name}=${gone}`)
        await expectRefusal(response, 410, 'cursor expired')
      }
    }
  })
})

describe('the Log-Cursor', () => {
  it.each(['', 'tail=0', 'tail=1', 'level=error', 'since=1s', 'level=error&tail=1'])(
    'goes on by the stream after what the history had, whatever was shown of it: "%s"',
    async (query) => {
      const id = await node({ message: 'a', progress: 5 }, { message: 'b', level: 'error' })
      for (const last of ['c', 'd']) {
        const response = await server.fetch(`/admin/nodes/${id}/logs?${query}`)
        const cursor = String(response.headers.get('log-cursor'))
        await send(id, [{ message: last, level: 'error', progress: 9 }, { message: `${last}2` }])
        const stream = await streamOf(id, 'follow=false', { 'Last-Event-ID': cursor })
        expect(stream.messages()).toEqual([last, `${last}2`])
        const events = ['log', 'status', 'error', 'log', 'done']
        expect(stream.events.map(({ event }) => event)).toEqual(events)
      }
    },
  )

  it('leaves no gap and no overlap while entries come in', async () => {
    const id = await node()
    const all = Array.from({ length: 150 }, (_, i) => `m${i}`)
    const writing = (async () => {
      for (const message of all) await send(id, { message })
    })()
    const readers: Promise<string[]>[] = []
    let over = false
    void writing.finally(() => {
      over = true
    })
    while (!over) {
      readers.push(followed(id))
      await sleep(20)
    }
    await writing
    await send(id, { message: 'up', phase: 'active' })
    expect(readers.length).toBeGreaterThan(3)
    for (const messages of await Promise.all(readers)) expect(messages).toEqual([...all, 'up'])
  })

  /** The history, and then all that the stream has after it. */
  async function followed(id: string): Promise<string[]> {
    const response = await server.fetch(`/admin/nodes/${id}/logs?tail=all`)
    const { logs } = (await response.json()) as { logs: { message: string }[] }
    const cursor = String(response.headers.get('log-cursor'))
    const stream = await streamOf(id, '', { 'Last-Event-ID': cursor })
    return [...logs.map(({ message }) => message), ...stream.messages()]
  }
})

describe('a log that has expired', () => {
  it('is empty and says so where no archive keeps it, and the node is known still', async () => {
    const brief = await startServer({
      env: {
        LAUNCHTAIL_RETENTION: '1s',
        LAUNCHTAIL_ARCHIVE_RETENTION: '0',
        LAUNCHTAIL_ARCHIVE_FAILED_RETENTION: '0',
      },
    })
    for (const [id, phase] of [
      ['ended', 'active'],
      ['running', 'installing'],
    ]) {
      await brief.post('/admin/nodes', { node_id: id })
      const entry = { message: 'here', phase, progress: 100, details: 'http://10.0.0.1:8000' }
      await brief.post(`/admin/nodes/${id}/logs`, entry)
      const expired = await until('the log to expire, there and in the archive', async () => {
        const response = await brief.fetch(`/admin/nodes/${id}/logs`)
        const { count } = (await response.clone().json()) as { count: number }
        return response.headers.has('log-expired') && count === 0 && response
      })
      expect([expired.status, expired.headers.get('log-expired')]).toEqual([200, 'true'])
      expect(await expired.json()).toEqual({ node_id: id, count: 0, logs: [] })
      expect(await (await brief.fetch(`/admin/nodes/${id}`)).json()).toMatchObject({ phase })
    }
    const url = `${brief.url}/admin/nodes/ended/logs/stream`
    for (const query of ['', '?tail=0', '?level=error']) {
      const stream = await openStream(`${url}${query}`, AUTHORIZED)
      await stream.ended
      expect(stream.events.at(-1)).toMatchObject({
        event: 'done',
        data: { status: 'active', endpoint: 'http://10.0.0.1:8000', message: 'here' },
      })
    }
  })
})

describe('an export', () => {
  const entries = [
    { timestamp: '2024-01-15T10:30:00Z', message: 'a "quoted", one', progress: 0 },
    { timestamp: '2024-01-15T10:30:01Z', message: 'two\nlines', level: 'warn', details: 'd\r\ne' },
    { timestamp: '2024-01-15T10:30:02Z', message: 'ünï 🔥', level: 'error', phase: 'installing' },
  ]

  async function exported(id: string, query: string): Promise<Response> {
    const response = await server.fetch(`/admin/nodes/${id}/logs/export?${query}`)
    expect([query, response.status]).toEqual([query, 200])
    return response
  }

  it('is a file with a name, in each format, that ends with a count where it can', async () => {
    const id = await node(...entries)
    const files: Record<string, string> = {}
    for (const [format, extension, type] of [
      ['json', 'json', 'application/json; charset=utf-8'],
      ['ndjson', 'ndjson', 'application/x-ndjson; charset=utf-8'],
      ['csv', 'csv', 'text/csv; charset=utf-8; header=present'],
      ['text', 'log', 'text/plain; charset=utf-8'],
    ] as const) {
      const response = await exported(id, `format=${format}`)
      expect(response.headers.get('content-type')).toBe(type)
      const name = `attachment; filename="${id}.${extension}"`
      expect(response.headers.get('content-disposition')).toBe(name)
      files[format] = await response.text()
    }
    const history = await (await server.fetch(`/admin/nodes/${id}/logs`)).json()
    const json = JSON.parse(String(files.json))
    expect(json).toEqual({ ...(history as object), complete: true })
    expect(Object.keys(json)).toEqual(['node_id', 'logs', 'count', 'complete'])
    const lines = String(files.ndjson)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toEqual(json.logs.map((log: object) => ({ node_id: id, ...log })))
    const counted = await (await exported(id, 'format=ndjson&trailer=true')).text()
    expect(counted.startsWith(String(files.ndjson))).toBe(true)
    expect(JSON.parse(counted.slice(files.ndjson?.length))).toMatchObject({ count: 3 })
    expect(files.csv).toBe(
      [
        'timestamp,node_id,level,phase,progress,message,details',
        `2024-01-15T10:30:00Z,${id},info,queued,0,"a ""quoted"", one",`,
        `2024-01-15T10:30:01Z,${id},warn,queued,,"two\nlines","d\r\ne"`,
        `2024-01-15T10:30:02Z,${id},error,installing,,ünï 🔥,`,
        '',
      ].join('\r\n'),
    )
    expect(files.text).toBe(
      [
        '2024-01-15T10:30:00Z INFO  [queued 0%] a "quoted", one',
        '2024-01-15T10:30:01Z WARN  [queued] two lines (d e)',
        '2024-01-15T10:30:02Z ERROR [installing] ünï 🔥',
        '-- 3 entries',
        '',
      ].join('\n'),
    )
  })

  it('is of the whole log, unless filters say otherwise', async () => {
    const many = Array.from({ length: 1234 }, (_, i) => ({ message: `m${i}` }))
    const id = await node(...many)
    expect(await (await exported(id, '')).json()).toMatchObject({ count: 1234 })
    expect((await (await exported(id, 'format=ndjson&tail=2')).text()).split('\n')).toHaveLength(3)
    expect(await (await exported(id, 'level=error')).json()).toMatchObject({ count: 0, logs: [] })
    const empty = await exported(id, 'format=csv&tail=0&trailer=true')
    expect(await empty.text()).toMatch(/details\r\ncount,0,,,,,[0-9a-f]{64}\r\n$/)
  })

  it('has table cells that a spreadsheet would run made texts, unless they are asked for raw', async () => {
    const formulas = [
      '=1+1',
      '+1+1',
      '-1+1',
      '@SUM(A1)',
      '\t=1',
      '\r=1',
      ' =1',
      '\n=1',
      '\u00a0=1',
      '\u3000=1',
      '＝1+1',
      '＋1',
      '－1+1',
      '＠x',
      '=HYPERLINK("http://evil.example","x")',
      '\u001b[0m=1+1',
      '\u202e=1+1',
    ]
    const harmless = ['-5', '+3.25', '1=1', 'a@b', "'=1", 'x+y', '']
    const id = await node(
      ...[...formulas, ...harmless].map((cell) => ({ message: cell, details: cell })),
    )
    const csv = await (await exported(id, 'format=csv')).text()
    const rows = cellsOf(csv)
    for (const [i, cell] of formulas.entries()) {
      const [message = '', details] = rows[i + 1]?.slice(5) ?? []
      expect([cell, message.charAt(0)]).toEqual([cell, "'"])
      expect(details).toBe(message)
    }
    for (const [i, cell] of harmless.entries()) {
      expect(rows[formulas.length + i + 1]?.slice(5)).toEqual([cell, cell])
    }
    const raw = cellsOf(await (await exported(id, 'format=csv&raw=true')).text())
    expect(raw.slice(1).map((row) => row[5])).toEqual([...formulas, ...harmless])
  })

  it('in a format that is none is refused', async () => {
    const id = await node()
    for (const query of ['format=xml', 'format=', 'format=JSON']) {
      const response = await server.fetch(`/admin/nodes/${id}/logs/export?${query}`)
      await expectRefusal(response, 400, "invalid 'format' value")
    }
    const response = await server.fetch(`/admin/nodes/${id}/logs/export?format=csv&raw=yes`)
    await expectRefusal(response, 400, "invalid 'raw' value")
  })

  /** Reads RFC 4180. */
  function cellsOf(csv: string): string[][] {
    const rows: string[][] = [[]]
    for (const [, quoted, bare, end] of csv.matchAll(
      /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g,
    )) {
      rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? bare ?? '')
      if (end === '\r\n') rows.push([])
      if (end === '') break
    }
    return rows.slice(0, -1)
  }
})

describe('the stream', () => {
  const STREAM_HEADERS = {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  }

  it('has the specification’s events with exactly its fields, and ids after the data', async () => {
    const id = await node(
      { message: 'q', progress: 0 },
      { message: 'bad', level: 'error', details: 'why', phase: 'provisioning', progress: 10 },
      { message: 'worse', level: 'error' },
      { message: 'up', phase: 'active', progress: 100, details: 'http://10.0.0.1:8000' },
    )
    const stream = await streamOf(id, '')
    expect(Object.fromEntries(stream.response.headers)).toMatchObject(STREAM_HEADERS)
    for (const { event, data } of stream.events) {
      expectExactly(data, STREAM_EVENTS[event as keyof typeof STREAM_EVENTS])
    }
    expect(shapeOf(stream.events)).toEqual([
      ['log', expect.objectContaining({ message: 'q', progress: 0 })],
      ['status', { phase: 'queued', progress: 0, message: 'q' }],
      ['log', expect.objectContaining({ message: 'bad', details: 'why' })],
      ['status', { phase: 'provisioning', progress: 10, message: 'bad' }],
      ['error', { error: 'bad', details: 'why', phase: 'provisioning' }],
      ['log', expect.objectContaining({ message: 'worse' })],
      ['error', { error: 'worse', details: '', phase: 'provisioning' }],
      ['log', expect.objectContaining({ message: 'up' })],
      ['status', { phase: 'active', progress: 100, message: 'up' }],
      ['done', { status: 'active', endpoint: 'http://10.0.0.1:8000', message: 'up' }],
    ])
    expect(stream.text()).toMatch(/^: cursor -1:0:log\nretry: \d{4}\n\nid: -1:0:log\n\n/)
    const blocks = stream
      .text()
      .split('\n\n')
      .filter((block) => block.startsWith('event:'))
    for (const block of blocks) {
      expect(block).toMatch(/^event: \w+\ndata: \{.*\}\nid: \d+:[0-9a-f]{8}:\w+$/)
    }
    expect(stream.retries).toHaveLength(1)
    expect(stream.retries[0]).toBeGreaterThanOrEqual(1500)
    expect(stream.retries[0]).toBeLessThanOrEqual(4000)
  })

  it('that has been read to its end is answered with 204', async () => {
    const id = await node({ message: 'x' }, { message: 'up', phase: 'active' })
    const stream = await streamOf(id, '')
    const init = { headers: { 'Last-Event-ID': stream.lastId() } }
    const response = await server.fetch(`/admin/nodes/${id}/logs/stream`, init)
    expect([response.status, await response.text()]).toEqual([204, ''])
    await send(id, { message: 'again', phase: 'queued' })
    expect((await streamOf(id, 'follow=false', init.headers)).messages()).toEqual(['again'])
  })

  it('comes in the type that is accepted most', async () => {
    const id = await node({ message: 'x' })
    for (const [accept, type] of [
      [undefined, 'text/event-stream; charset=utf-8'],
      ['*/*', 'text/event-stream; charset=utf-8'],
      ['text/*', 'text/event-stream; charset=utf-8'],
      ['text/event-stream', 'text/event-stream; charset=utf-8'],
      ['TEXT/EVENT-STREAM', 'text/event-stream; charset=utf-8'],
      ['text/html, text/event-stream;q=0.1', 'text/event-stream; charset=utf-8'],
      ['application/x-ndjson', 'application/x-ndjson; charset=utf-8'],
      ['application/*', 'application/x-ndjson; charset=utf-8'],
      ['text/plain', 'text/plain; charset=utf-8'],
      ['text/plain, text/event-stream;q=0.5', 'text/plain; charset=utf-8'],
    ] as const) {
      for (const method of ['GET', 'HEAD']) {
        const line = `${method} /admin/nodes/${id}/logs/stream?follow=false`
        const headers = { ...AUTHORIZED, ...(accept !== undefined && { Accept: accept }) }
        const connection = rawConnection(
          server.url,
          rawRequest(line, { ...headers, Connection: 'close' }),
        )
        await connection.closed()
        expect([accept, typeIn(connection.text())]).toEqual([accept, type])
      }
    }
    for (const accept of ['application/json', 'image/png', 'text/event-stream;q=0', 'nonsense']) {
      for (const method of ['GET', 'HEAD']) {
        const init = { method, headers: { Accept: accept } }
        const response = await server.fetch(`/admin/nodes/${id}/logs/stream`, init)
        expect([accept, response.status]).toEqual([accept, 406])
      }
    }
  })

  function typeIn(text: string): string | undefined {
    return /^content-type: (.*)\r$/im.exec(text)?.[1]
  }

  it('by HEAD has its headers and ends', async () => {
    const id = await node({ message: 'x' })
    const head = await server.fetch(`/admin/nodes/${id}/logs/stream`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(Object.fromEntries(head.headers)).toMatchObject(STREAM_HEADERS)
    const none = await server.fetch('/admin/nodes/never-made/logs/stream', { method: 'HEAD' })
    expect(none.status).toBe(404)
  })

  function shapeOf(events: StreamEvent[]) {
    return events.map(({ event, data }) => [event, data])
  }
})

describe('packing', () => {
  it('is done from 1 KB up, for JSON, exports and the page, and never for the stream', async () => {
    const small = await node({ message: 'x' })
    const large = await node({ message: 'x'.repeat(3000) })
    const packed = async (path: string, accept: string | null = 'gzip') => {
      const headers = { ...AUTHORIZED, ...(accept !== null && { 'Accept-Encoding': accept }) }
      const connection = rawConnection(server.url, rawRequest(`GET ${path}`, headers))
      const answer = await connection.answer()
      expect([path, answer.status]).toEqual([path, 200])
      return answer
    }
    for (const path of [
      `/admin/nodes/${large}/logs`,
      ...['json', 'ndjson', 'csv', 'text'].map(
        (f) => `/admin/nodes/${large}/logs/export?format=${f}`,
      ),
      '/openapi.json',
      '/docs',
      '/',
    ]) {
      const { headers, body } = await packed(path)
      expect([path, headers['content-encoding']]).toEqual([path, 'gzip'])
      expect(headers.vary).toMatch(/accept-encoding/i)
      const plain = await packed(path, null)
      expect(plain.headers).not.toHaveProperty('content-encoding')
      expect(gunzipSync(Buffer.from(body, 'latin1')).toString('latin1')).toBe(plain.body)
    }
    for (const path of [`/admin/nodes/${small}/logs`, `/admin/nodes/${small}`, '/healthz']) {
      expect((await packed(path)).headers).not.toHaveProperty('content-encoding')
    }
    for (const Accept of ['text/event-stream', 'application/x-ndjson', 'text/plain']) {
      const headers = { Accept, 'Accept-Encoding': 'gzip, br' }
      const { response, text } = await streamOf(large, 'follow=false', headers)
      expect(response.headers.has('content-encoding')).toBe(false)
      expect(text()).toContain('x'.repeat(3000))
    }
  })
})

describe('the supervisor’s questions', () => {
  it('are answered in a word', async () => {
    for (const [path, status] of [
      ['/healthz', 'ok'],
      ['/readyz', 'ready'],
    ]) {
      const response = await fetch(server.url + path)
      expect([path, response.status, await response.json()]).toEqual([path, 200, { status }])
      const head = await fetch(server.url + path, { method: 'HEAD' })
      expect([path, head.status, await head.text()]).toEqual([path, 200, ''])
    }
  })

  it('are told why the storage cannot be used', async () => {
    const redis = await startRedis()
    const { url } = await startServer({ env: { REDIS_URL: redis.url } })
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    await redis.kill()
    const response = await until('it to notice', async () => {
      const answer = await fetch(`${url}/readyz`)
      return answer.status === 503 && answer
    })
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await response.json()).toEqual({ error: { message: expect.stringMatching(/storage/) } })
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  it('include what is counted, open where the request came through no proxy', async () => {
    await node({ message: 'counted' })
    const response = await fetch(`${server.url}/metrics`)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(await response.text()).toMatch(/^launchtail_entries_appended_total [1-9]\d*$/m)
    for (const header of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP']) {
      const headers = { [header]: '127.0.0.1' }
      expect((await fetch(`${server.url}/metrics`, { headers })).status).toBe(401)
      const allowed = await server.fetch('/metrics', { headers })
      expect(allowed.status).toBe(200)
    }
  })
})

describe('the API’s own description', () => {
  interface Described {
    operationId: string
    parameters: { name: string; in: string; required?: boolean; schema: object }[]
    responses: Record<string, { description: string }>
  }
  type Document = ReturnType<typeof openApi> & { paths: Record<string, Record<string, Described>> }

  it('is what is generated from the definitions that validate', async () => {
    const text = await readFile(new URL('../package.json', import.meta.url), 'utf8')
    const { version } = JSON.parse(text) as { version: string }
    const served = await (await fetch(`${server.url}/openapi.json`)).json()
    expect(served).toEqual(JSON.parse(JSON.stringify(openApi(version))))
  })

  it('has every operation, each with its parameters and answers', async () => {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Document
    expect(document.openapi).toMatch(/^3\.1\.\d+$/)
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    )
    expect(described.map(({ operation }) => operation.operationId).sort()).toEqual(
      Object.keys(operations).sort(),
    )
    for (const { path, method, operation } of described) {
      const defined: Operation = operations[operation.operationId as keyof typeof operations]
      expect([path, method.toUpperCase()]).toEqual([defined.path, defined.method])
      const named = (place: string) =>
        operation.parameters.filter((one) => one.in === place).map(({ name }) => name)
      expect(named('path')).toEqual(path.includes('{id}') ? ['id'] : [])
      expect(named('query')).toEqual(Object.keys(defined.query?.shape ?? {}))
      expect(named('header')).toEqual(Object.keys(defined.headers ?? {}))
      for (const one of operation.parameters) {
        expect(one.schema).toHaveProperty('type')
        if (one.in === 'path') expect(one.required).toBe(true)
      }
      const statuses = [defined.status, 400, 401, 403, 503, ...(defined.refusals ?? [])].map(String)
      expect(Object.keys(operation.responses).sort()).toEqual([...new Set(statuses)].sort())
      for (const { description } of Object.values(operation.responses)) {
        expect(description).toMatch(/\.$/)
      }
    }
  })

  it('refers only to what it has', async () => {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Document
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(
      ([, ref]) => ref,
    )
    expect(references.length).toBeGreaterThan(0)
    for (const reference of references) {
      const found = String(reference)
        .replace(/^#\//, '')
        .split('/')
        .reduce(
          (part: unknown, name) => (part as Record<string, unknown> | undefined)?.[name],
          document,
        )
      expect([reference, found]).toEqual([reference, expect.any(Object)])
    }
  })

  it('is a page too, with every operation on it', async () => {
    const page = await (await fetch(`${server.url}/docs`)).text()
    for (const { method, path } of Object.values(operations)) {
      expect(page).toContain(`${method} ${path}`)
    }
    expect(page).not.toMatch(/<script|\son\w+=/i)
  })
})

describe('a fault of the inside', () => {
  const inside = /no such table|sqlite|select |nodes\.|\.js|\.ts|node_modules|at \w+ \(/i

  it('is told as such, with a number that leads to the cause, which is in the log alone', async () => {
    const faulty = await startServer({ env: { LAUNCHTAIL_ORIGINS: 'https://a.example' } })
    expect((await faulty.post('/admin/nodes', { node_id: 'x' })).status).toBe(201)
    const greeting = faulty.output()
    const records = await openSqlite(join(faulty.dataDir, 'records.db'))
    records.exec(
      'pragma foreign_keys = off; drop table phases; drop table nodes; drop table replies; drop table launch_history; drop table webhooks; drop table deliveries; drop table groups; drop table group_members; drop table tokens; drop table audit',
    )
    records.close()

    const evil = '?x=%0A%1b[31m%22level%22:60'
    // What is said of SkyPilot, queries and tokens needs no records, nor does what takes tickets back.
    const { getSkyPilot, explainQuery, revokeStreamTickets, listTokens, ...others } = operations
    for (const { method, path } of Object.values<Operation>(others)) {
      const target = `${path.replace('{id}', 'x')}${evil}`
      const init = {
        method,
        ...(isSent(method) && { body: wellFormed(path), headers: JSON_TYPE }),
      }
      const response = await faulty.fetch(target, init)
      expect([method, path, response.status]).toEqual([method, path, 500])
      const id = String(response.headers.get('x-request-id'))
      expect(id).toMatch(UUID)
      const text = await response.text()
      expect(`${text}${JSON.stringify([...response.headers])}`).not.toMatch(inside)
      if (method !== 'HEAD') {
        expect(JSON.parse(text)).toEqual({ error: { message: 'internal error' } })
      }
      const line = await until('the line in the log', () =>
        faulty
          .output()
          .split('\n')
          .find((one) => one.includes(id)),
      )
      expect(JSON.parse(line)).toMatchObject({
        reqId: id,
        err: { message: expect.stringMatching(/no such table/), stack: expect.any(String) },
      })
    }

    expect((await faulty.fetch('/healthz')).status).toBe(200)
    expect((await faulty.fetch('/admin/nodes?limit=0')).status).toBe(400)
    const said = faulty.output().slice(greeting.length).trimEnd()
    expect(said).not.toMatch(/\u001b/)
    expect(said).not.toContain(TOKEN)
    for (const line of said.split('\n')) expect(JSON.parse(line)).toHaveProperty('level')
  })
})
