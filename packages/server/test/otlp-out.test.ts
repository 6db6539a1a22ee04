import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { readLogsProtobuf } from '../src/otlp/in/read-protobuf.js'
import { newNode } from './support/nodes.js'
import {
  endAll,
  type RunningServer,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'

afterAll(endAll)

interface Got {
  path: string
  headers: IncomingMessage['headers']
  body: Buffer
}

interface Receiver {
  readonly url: string
  readonly requests: Got[]
  /** What it answers from now on. */
  answer: number
  close(): Promise<void>
}

/** A receiver that notes what it is sent. */
async function receiver(port = 0): Promise<Receiver> {
  const requests: Got[] = []
  const server: Server = createServer(async (request, response) => {
    const body = await buffer(request)
    const unpacked = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
    if (self.answer === 200) {
      requests.push({ path: request.url ?? '', headers: request.headers, body: unpacked })
    }
    response.writeHead(self.answer, self.answer === 429 ? { 'Retry-After': '1' } : {}).end()
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(close)
  const self: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: 200,
    close,
  }
  return self
}

/** The messages that came in protobuf, in order. */
function messagesAt({ requests }: Receiver): string[] {
  return requests
    .filter(({ path }) => path === '/v1/logs')
    .flatMap(({ body }) => [...readLogsProtobuf(body)])
    .map(({ record }) => String(record.body))
}

async function send(server: RunningServer, id: string, messages: string[]): Promise<void> {
  const entries = messages.map((message) => ({ message }))
  expect((await server.post(`/admin/nodes/${id}/logs`, entries)).status).toBe(202)
}

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `line ${from + n}`)

describe('what is sent by OTLP', () => {
  it('has every entry with its node, time, level and phase', async () => {
    const to = await receiver()
    const server = await startServer({
      env: {
        LAUNCHTAIL_OTLP_ENDPOINT: to.url,
        OTEL_EXPORTER_OTLP_HEADERS: 'X-Key=top%20secret-value',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      },
    })
    const answer = await server.post('/admin/nodes', {
      provider: 'aws',
      region: 'us-west-2',
      gpu: 'H100',
    })
    const { node_id: id } = (await answer.json()) as { node_id: string }
    // Until the exporter knows where it begins.
    await until('the first look', async () => {
      await send(server, id, ['a beginning'])
      return to.requests.length > 0
    })
    to.requests.length = 0
    await server.post(`/admin/nodes/${id}/logs`, {
      timestamp: '2024-01-15T10:30:00.123456789Z',
      level: 'error',
      message: 'it broke, key top secret-value',
      phase: 'installing',
      progress: 65,
      details: 'why',
    })
    const got = await until('the entry', () =>
      to.requests.find(({ body }) => body.includes('it broke')),
    )
    expect(got.headers).toMatchObject({
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'x-key': 'top secret-value',
    })
    const { resourceLogs } = JSON.parse(got.body.toString()) as {
      resourceLogs: { resource: object; scopeLogs: { logRecords: { body: object }[] }[] }[]
    }
    const [first] = resourceLogs
    expect(first?.resource).toEqual({
      attributes: [
        { key: 'service.name', value: { stringValue: 'launchtail' } },
        { key: 'service.instance.id', value: { stringValue: id } },
        { key: 'cloud.provider', value: { stringValue: 'aws' } },
        { key: 'cloud.region', value: { stringValue: 'us-west-2' } },
        { key: 'launchtail.node_id', value: { stringValue: id } },
        { key: 'launchtail.gpu', value: { stringValue: 'H100' } },
        { key: 'launchtail.spot', value: { boolValue: false } },
      ],
    })
    // The server's own secrets are taken out, as everywhere.
    expect(first?.scopeLogs[0]?.logRecords.at(-1)).toEqual({
      timeUnixNano: '1705314600123456789',
      observedTimeUnixNano: expect.stringMatching(/^\d{19}$/),
      severityNumber: 17,
      severityText: 'ERROR',
      body: { stringValue: 'it broke, key ***' },
      attributes: [
        { key: 'launchtail.phase', value: { stringValue: 'installing' } },
        { key: 'launchtail.progress', value: { intValue: '65' } },
        { key: 'launchtail.details', value: { stringValue: 'why' } },
      ],
    })
  })

  it('is all there once a receiver is back that was away, and nothing twice', async () => {
    const to = await receiver()
    const server = await startServer({ env: { LAUNCHTAIL_OTLP_ENDPOINT: to.url } })
    const id = await newNode(server)
    await until('the first look', async () => {
      await send(server, id, ['a beginning'])
      return to.requests.length > 0
    })
    const port = Number(new URL(to.url).port)
    await to.close()
    await send(server, id, numbered(0, 1500))
    // The first attempt fails, and some of those after it.
    await until('it to notice', () => server.output().includes('OTLP receiver does not take'))
    await send(server, id, numbered(1500, 1600))
    const back = await receiver(port)
    back.answer = 503
    await send(server, id, numbered(1600, 1700))
    back.answer = 200
    await until('all of it', () => messagesAt(back).length >= 1700, 30_000)
    const lines = messagesAt(back).filter((message) => message.startsWith('line '))
    expect(lines).toEqual(numbered(0, 1700))
    const metrics = await (await server.fetch('/metrics')).text()
    expect(metrics).toMatch(/launchtail_otlp_sent_total\{signal="logs",result="sent"\} 17\d\d/)
  }, 60_000)

  it('goes on after a kill where it was, with one request twice at most', async () => {
    const to = await receiver()
    const env = { LAUNCHTAIL_OTLP_ENDPOINT: to.url }
    const dataDir = await temporaryFolder()
    let server = await startServer({ env, dataDir })
    const id = await newNode(server)
    await until('the first look', async () => {
      await send(server, id, ['a beginning'])
      return to.requests.length > 0
    })
    const sent: string[] = []
    for (let kill = 0; kill < 3; kill += 1) {
      const lines = numbered(sent.length, sent.length + 2000)
      sent.push(...lines)
      const before = to.requests.length
      // The second time, what was read has not been taken when the kill comes.
      if (kill === 1) to.answer = 503
      await send(server, id, lines)
      if (kill === 1) await until('a refusal', () => server.output().includes('does not take'))
      else await until('a request', () => to.requests.length > before)
      await server.kill()
      to.answer = 200
      server = await startServer({ env, dataDir })
    }
    await until('the last line', () => messagesAt(to).includes(sent.at(-1) ?? ''), 30_000)
    const got = messagesAt(to).filter((message) => message.startsWith('line '))
    expect([...new Set(got)]).toEqual(sent)
    expect(got.length - sent.length).toBeLessThanOrEqual(3 * 512)
  }, 90_000)

  it('is left out where the receiver will not have it, and the rest follows', async () => {
    const to = await receiver()
    const server = await startServer({ env: { LAUNCHTAIL_OTLP_ENDPOINT: to.url } })
    const id = await newNode(server)
    await until('the first look', async () => {
      await send(server, id, ['a beginning'])
      return to.requests.length > 0
    })
    to.answer = 400
    await send(server, id, ['refused'])
    await until('the refusal', () => server.output().includes('refuses what it is sent: 400'))
    to.answer = 200
    await send(server, id, ['taken'])
    await until('the next', () => messagesAt(to).includes('taken'))
    expect(messagesAt(to)).not.toContain('refused')
  })

  it('is only what the query finds', async () => {
    const to = await receiver()
    const server = await startServer({
      env: { LAUNCHTAIL_OTLP_ENDPOINT: to.url, LAUNCHTAIL_OTLP_QUERY: 'level:>=warn' },
    })
    const id = await newNode(server)
    await until('the first look', async () => {
      await server.post(`/admin/nodes/${id}/logs`, [
        { message: 'quiet' },
        { message: 'loud', level: 'error' },
      ])
      return to.requests.length > 0
    })
    expect(new Set(messagesAt(to))).toEqual(new Set(['loud']))
    await expect(
      startServer({
        env: { LAUNCHTAIL_OTLP_ENDPOINT: to.url, LAUNCHTAIL_OTLP_QUERY: 'level:huh' },
      }),
    ).rejects.toThrow(/LAUNCHTAIL_OTLP_QUERY: column 7/)
  })
})

it('sends to two receivers, neither of which gets what lets somebody send to the other', async () => {
  const [logs, traces] = [await receiver(), await receiver()]
  const withUser = (url: string, user: string) => url.replace('http://', `http://${user}@`)
  const server = await startServer({
    env: {
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: withUser(`${logs.url}/v1/logs`, 'loki:for-logs-alone'),
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: withUser(`${traces.url}/v1/traces`, 'tempo:for-traces'),
      OTEL_EXPORTER_OTLP_HEADERS: 'X-Key=of-the-traces',
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'X-Scope=of-the-logs',
    },
  })
  // Until the exporter knows where it begins: what was there before is not sent.
  let launches = 0
  await until('both to have something', async () => {
    launches += 1
    await server.post('/admin/nodes', { node_id: `n${launches}` })
    await send(server, `n${launches}`, ['going on: of-the-logs'])
    await server.post(`/admin/nodes/n${launches}/logs`, { message: 'over', phase: 'failed' })
    await sleep(200)
    return logs.requests.length > 0 && traces.requests.length > 0
  })
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`
  expect(logs.requests[0]?.headers).toMatchObject({
    authorization: basic('loki:for-logs-alone'),
    'x-scope': 'of-the-logs',
  })
  expect(logs.requests[0]?.headers).not.toHaveProperty('x-key')
  expect(traces.requests[0]?.headers).toMatchObject({
    authorization: basic('tempo:for-traces'),
    'x-key': 'of-the-traces',
  })
  expect(traces.requests[0]?.headers).not.toHaveProperty('x-scope')
  // They are secrets of the server's own.
  const said = logs.requests.map(({ body }) => body.toString()).join()
  expect(said).toContain('going on: ***')
})

describe('a launch as a trace', () => {
  it('has a span, one for each phase below it, and the cause of its failure', async () => {
    const to = await receiver()
    const server = await startServer({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: to.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    })
    const id = await newNode(server)
    // It begins with what ends after its start.
    await server.fetch('/admin/nodes')
    const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000).toISOString()
    const launch = (offset: number) => [
      { message: 'Waiting', phase: 'queued', timestamp: at(offset) },
      { message: 'Provisioning', phase: 'provisioning', timestamp: at(offset + 20) },
      {
        message: 'InsufficientInstanceCapacity',
        phase: 'failed',
        level: 'error',
        timestamp: at(offset + 50),
      },
    ]
    interface Span {
      traceId: string
      spanId: string
      parentSpanId?: string
      name: string
      status?: object
    }
    const spans = () =>
      to.requests
        .filter(({ path }) => path === '/v1/traces')
        .flatMap(({ body }) => JSON.parse(body.toString()).resourceSpans)
        .map(({ scopeSpans }) => scopeSpans[0].spans as Span[])
    let offset = 0
    const [ofLaunch = []] = await until('a trace', async () => {
      await server.post(`/admin/nodes/${id}/logs`, launch(offset))
      offset += 1000
      await server.fetch(`/admin/nodes/${id}`)
      return spans().length > 0 && spans()
    })
    const [root, queued, provisioning] = ofLaunch
    expect(ofLaunch).toHaveLength(3)
    expect(root).toMatchObject({
      name: 'launch',
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      status: { code: 2, message: 'no_capacity' },
    })
    const start = BigInt(String((root as unknown as Record<string, string>).startTimeUnixNano))
    expect(queued).toMatchObject({
      name: 'queued',
      traceId: root?.traceId,
      parentSpanId: root?.spanId,
      startTimeUnixNano: String(start),
      endTimeUnixNano: String(start + 20_000_000_000n),
    })
    expect(queued).not.toHaveProperty('status')
    expect(provisioning).toMatchObject({
      name: 'provisioning',
      startTimeUnixNano: String(start + 20_000_000_000n),
      endTimeUnixNano: String(start + 50_000_000_000n),
      status: { code: 2, message: 'no_capacity' },
    })
    expect(new Set(ofLaunch.map(({ spanId }) => spanId)).size).toBe(3)
  })
})
