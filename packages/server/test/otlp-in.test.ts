import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readLogsJson, withExactTimes } from '../src/otlp/in/read-json.js'
import { readLogsProtobuf } from '../src/otlp/in/read-protobuf.js'
import { encode, LOGS } from '../src/otlp/wire/encode.js'
import { newNode } from './support/nodes.js'
import {
  endAll,
  type RunningServer,
  startRedis,
  startServer,
  TOKEN,
  until,
} from './support/processes.js'
import { fc } from './support/property.js'

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

type Body = string | Uint8Array<ArrayBuffer>

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'
const text = (stringValue: string) => ({ stringValue })
const attribute = (key: string, value: string) => ({ key, value: text(value) })

interface Given {
  resource?: { key: string; value: object }[]
  scope?: string
}

/** A request with these records, in OTLP's JSON. */
function requestOf(logRecords: object[], { resource = [], scope = '' }: Given = {}) {
  const scopeLogs = [{ scope: { name: scope }, logRecords }]
  return { resourceLogs: [{ resource: { attributes: resource }, scopeLogs }] }
}

const forNode = (id: string) => ({ resource: [attribute('launchtail.node_id', id)] })

function post(body: Body, type: string, headers: Record<string, string> = {}, of = server) {
  return fetch(`${of.url}/v1/logs`, {
    method: 'POST',
    body,
    headers: { 'X-Admin-Token': TOKEN, 'Content-Type': type, ...headers },
  })
}

interface Entry {
  timestamp: string
  level: string
  message: string
  phase: string
  progress?: number
  details?: string
}

async function logOf(id: string, of = server): Promise<Entry[]> {
  const answer = await of.fetch(`/admin/nodes/${id}/logs?tail=all`)
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { logs: Entry[] }).logs
}

const both = [
  ['protobuf', PROTOBUF, (request: object): Body => new Uint8Array(encode(request, LOGS))],
  ['JSON', JSON_TYPE, (request: object): Body => JSON.stringify(request)],
] as const

describe.each(both)('records in %s', (_name, type, packed) => {
  it('land on the node that they name, with nine digits of their time', async () => {
    const id = await newNode(server)
    const records = [
      {
        timeUnixNano: '1700000000123456789',
        severityNumber: 17,
        severityText: 'ERROR',
        body: text('it broke'),
        attributes: [
          attribute('exception.type', 'OSError'),
          attribute('launchtail.progress', '71'),
        ],
      },
      { observedTimeUnixNano: '1700000001000000001', body: text('seen later') },
    ]
    const answer = await post(
      packed(requestOf(records, { ...forNode(id), scope: 'my.logger' })),
      type,
    )
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain(type)
    // On full success there is no `partialSuccess` at all.
    expect(await answer.text()).toBe(type === JSON_TYPE ? '{}' : '')
    expect(await logOf(id)).toEqual([
      {
        timestamp: '2023-11-14T22:13:20.123456789Z',
        level: 'error',
        message: 'it broke',
        phase: 'queued',
        progress: 71,
        details: 'scope=my.logger\nexception.type=OSError',
      },
      {
        timestamp: '2023-11-14T22:13:21.000000001Z',
        level: 'info',
        message: 'seen later',
        phase: 'queued',
        details: 'scope=my.logger',
      },
    ])
  })

  it('are counted in the answer where no node is known', async () => {
    const id = await newNode(server)
    const known = requestOf([{ body: text('kept') }], forNode(id))
    const lost = requestOf([{ body: text('a') }, { body: text('b') }], {
      resource: [attribute('host.name', 'nobody')],
    })
    const request = { resourceLogs: [...known.resourceLogs, ...lost.resourceLogs] }
    const answer = await post(packed(request), type)
    expect(answer.status).toBe(200)
    const why = "2 records: no node has the id, the cluster's name or the name in host.name"
    const body = Buffer.from(await answer.arrayBuffer())
    if (type === JSON_TYPE) {
      const partialSuccess = { rejectedLogRecords: '2', errorMessage: why }
      expect(JSON.parse(body.toString())).toEqual({ partialSuccess })
    } else {
      const inner = Buffer.concat([Buffer.from([0x08, 2, 0x12, why.length]), Buffer.from(why)])
      expect(body).toEqual(Buffer.concat([Buffer.from([0x0a, inner.length]), inner]))
    }
    expect((await logOf(id)).map(({ message }) => message)).toEqual(['kept'])
  })

  it('may be packed, and are refused where they are too large unpacked', async () => {
    const id = await newNode(server)
    const body = Buffer.from(
      packed(requestOf([{ body: text('packed') }], forNode(id))) as Uint8Array,
    )
    const answer = await post(gzipSync(body), type, { 'Content-Encoding': 'gzip' })
    expect(answer.status).toBe(200)
    expect((await logOf(id))[0]?.message).toBe('packed')

    const large = requestOf([{ body: text('x'.repeat(17 * 1024 * 1024)) }], forNode(id))
    const bomb = gzipSync(Buffer.from(packed(large) as Uint8Array))
    expect(bomb.length).toBeLessThan(100_000)
    const refused = await post(bomb, type, { 'Content-Encoding': 'gzip' })
    expect(await refusal(refused, type)).toEqual({
      status: 413,
      code: 8,
      message: 'request has more than 16777216 bytes when unpacked',
    })
  })
})

/** The `google.rpc.Status` of a refusal, in the encoding of the request. */
async function refusal(answer: Response, type: string) {
  expect(answer.headers.get('content-type')).toContain(type)
  const body = Buffer.from(await answer.arrayBuffer())
  const { status } = answer
  if (type === JSON_TYPE) return { status, ...(JSON.parse(body.toString()) as object) }
  expect([body[0], body[2]]).toEqual([0x08, 0x12])
  return { status, code: body[1], message: body.subarray(4).toString() }
}

describe('a request of OTLP', () => {
  it('needs the token, which may come as a bearer here alone', async () => {
    for (const type of [PROTOBUF, JSON_TYPE]) {
      const missing = await post('', type, { 'X-Admin-Token': '' })
      expect(await refusal(missing, type)).toMatchObject({ status: 401, code: 16 })
    }
    const id = await newNode(server)
    const body = JSON.stringify(requestOf([{ body: text('x') }], forNode(id)))
    const bearer = { 'X-Admin-Token': '', Authorization: `Bearer ${TOKEN}` }
    expect((await post(body, JSON_TYPE, bearer)).status).toBe(200)
    const elsewhere = await fetch(`${server.url}/admin/nodes`, { headers: bearer })
    expect(elsewhere.status).toBe(401)
    const under = await server.post('/admin/otlp/v1/logs', body)
    expect(under.status).toBe(200)
    expect(await logOf(id)).toHaveLength(2)
  })

  it('may be empty', async () => {
    expect((await post('', PROTOBUF)).status).toBe(200)
    expect((await post('{}', JSON_TYPE)).status).toBe(200)
  })

  it('is refused where it is something else', async () => {
    const refused: [Body, string, Record<string, string>, number][] = [
      ['x', 'text/plain', {}, 415],
      ['x', PROTOBUF, { 'Content-Encoding': 'zstd' }, 415],
      ['x', PROTOBUF, { 'Content-Encoding': 'gzip' }, 400],
      [Buffer.from([0x0a, 0x05, 0x01]), PROTOBUF, {}, 400],
      ['{"resourceLogs":[{"scopeLogs":7}]}', JSON_TYPE, {}, 400],
      ['[', JSON_TYPE, {}, 400],
    ]
    for (const [body, type, headers, status] of refused) {
      const answer = await post(body, type, headers)
      const shown = type === PROTOBUF ? PROTOBUF : JSON_TYPE
      expect(await refusal(answer, shown)).toMatchObject({ status, code: 3 })
    }
    const zstd = await post('x', PROTOBUF, { 'Content-Encoding': 'zstd' })
    expect(zstd.headers.get('accept-encoding')).toBe('gzip')
    expect((await server.fetch('/v1/logs')).status).toBe(405)
  })

  it('with a length before the message is told how Vector sends it without', async () => {
    const message = encode(requestOf([{ body: text('x'.repeat(300)) }]), LOGS)
    const length = Buffer.from([(message.length & 0x7f) | 0x80, message.length >> 7])
    const answer = await post(new Uint8Array(Buffer.concat([length, message])), PROTOBUF)
    const { status, message: said } = (await refusal(answer, PROTOBUF)) as {
      status: number
      message: string
    }
    expect(status).toBe(400)
    expect(said).toMatch(/it has a length prefix, so set framing\.method to "bytes" in Vector$/)
  })

  it('of as many attributes and records as fit lets others have their turns', async () => {
    const id = await newNode(server)
    const many = Array.from({ length: 100_000 }, (_, n) => attribute(`key${n}`, 'value'))
    const records = Array.from({ length: 20_000 }, (_, n) => ({ body: text(`line ${n}`) }))
    const request = requestOf(records, { resource: [...many, ...forNode(id).resource] })
    const begun = performance.now()
    let longest = 0
    let over = false
    const answered = post(new Uint8Array(encode(request, LOGS)), PROTOBUF).finally(() => {
      over = true
    })
    while (!over) {
      const asked = performance.now()
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
      longest = Math.max(longest, performance.now() - asked)
    }
    expect((await answered).status).toBe(200)
    // To look through all attributes for each record takes half a minute.
    expect(performance.now() - begun).toBeLessThan(15_000)
    expect(longest).toBeLessThan(2000)
    expect(await logOf(id)).toHaveLength(20_000)
  })

  it.each([
    ['records', 0x12, 'request has more than 250000 records'],
    ['attributes', 0x32, 'request has more than 2000000 values'],
    ['fields of no meaning', 0x7a, ''],
  ])('is refused with too many empty %s', async (_, field, message) => {
    const many = Buffer.alloc(5_000_000, Uint8Array.from([field, 0]))
    const within = (tag: number, inner: Buffer) => {
      const length = [inner.length & 0x7f, (inner.length >> 7) & 0x7f, (inner.length >> 14) & 0x7f]
      const head = [tag, ...length.map((byte) => byte | 0x80), inner.length >> 21]
      return Buffer.concat([Uint8Array.from(head), inner])
    }
    // One resource with one scope; what is no record stands within one.
    const scope = field === 0x12 ? many : within(0x12, many)
    const body = new Uint8Array(within(0x0a, within(0x12, scope)))
    const begun = performance.now()
    const answer = await post(body, PROTOBUF)
    if (message === '') expect(answer.status).toBe(200)
    else expect(await refusal(answer, PROTOBUF)).toEqual({ status: 413, code: 8, message })
    expect(performance.now() - begun).toBeLessThan(10_000)
  })

  it('counts what was taken in the metrics', async () => {
    const own = await startServer()
    const id = await newNode(own)
    const request = requestOf([{ body: text('a') }, { body: text('b') }], forNode(id))
    await post(JSON.stringify(request), JSON_TYPE, {}, own)
    await post(JSON.stringify(requestOf([{ body: text('c') }])), JSON_TYPE, {}, own)
    const metrics = await (await own.fetch('/metrics')).text()
    expect(metrics).toContain('launchtail_otlp_received_records_total{result="accepted"} 2\n')
    expect(metrics).toContain('launchtail_otlp_received_records_total{result="rejected"} 1\n')
  })
})

describe('the node of records', () => {
  it('is the first that an attribute names, by id or by the name of its cluster', async () => {
    const launched = await server.post('/admin/nodes/launch', {
      provider: 'local',
      task: JSON.stringify({ run: 'exec sleep 60' }),
    })
    const { node_id, cluster_name } = (await launched.json()) as Record<string, string>
    const other = await newNode(server)
    const send = async (message: string, resource: object[], record: object[] = []) => {
      const attributes = resource as { key: string; value: object }[]
      const body = requestOf([{ body: text(message), attributes: record }], {
        resource: attributes,
      })
      return post(JSON.stringify(body), JSON_TYPE)
    }
    await send('by cluster', [attribute('host.name', String(cluster_name))])
    await send('by record', [], [attribute('host.name', other)])
    await send('by order', [
      attribute('host.name', String(node_id)),
      attribute('service.instance.id', other),
    ])
    const header = { 'X-Launchtail-Node': other }
    const request = requestOf([{ body: text('by header') }], forNode(String(node_id)))
    await post(JSON.stringify(request), JSON_TYPE, header)
    const messages = async (id: string) => (await logOf(id)).map(({ message }) => message)
    expect(await messages(other)).toEqual(['by record', 'by order', 'by header'])
    expect(await messages(String(node_id))).toContain('by cluster')
    await server.fetch(`/admin/nodes/${node_id}/terminate`, { method: 'POST' })
  })

  it('is found by its own name, which counts if only one node that is launching has it', async () => {
    const add = async (node_id: string, name: string) => {
      expect((await server.post('/admin/nodes', { node_id, name })).status).toBe(201)
    }
    const send = (message: string) =>
      post(
        JSON.stringify(
          requestOf([{ body: text(message) }], { resource: [attribute('host.name', 'nightly')] }),
        ),
        JSON_TYPE,
        {},
        server,
      ).then((answer) => answer.text())
    await add('nightly-1', 'nightly')
    expect(await send('to the first')).toBe('{}')
    await server.post('/admin/nodes/nightly-1/logs', { message: 'over', phase: 'failed' })
    await server.fetch('/admin/nodes/nightly-1')
    await add('nightly-2', 'nightly')
    // What a sender's name stands for is remembered for some seconds.
    await until('the second', async () => {
      await send('to the second')
      return (await logOf('nightly-2')).length > 0
    })
    await add('nightly-3', 'nightly')
    await until('neither', async () => (await send('to neither')).includes('rejected'))
    expect((await logOf('nightly-3')).map(({ message }) => message)).toEqual([])
    expect((await logOf('nightly-1'))[0]?.message).toBe('to the first')
  })

  it('may be deleted meanwhile, which costs the records of no other node', async () => {
    const [kept, gone] = [await newNode(server), await newNode(server)]
    const send = async (message: string) => {
      const [one, other] = [kept, gone].map((id) =>
        requestOf([{ body: text(message) }], forNode(id)),
      )
      const resourceLogs = [...(other?.resourceLogs ?? []), ...(one?.resourceLogs ?? [])]
      return (await post(JSON.stringify({ resourceLogs }), JSON_TYPE)).text()
    }
    expect(await send('to both')).toBe('{}')
    await server.post(`/admin/nodes/${gone}/status`, { status: 'terminated' })
    await server.fetch(`/admin/nodes/${gone}`, { method: 'DELETE' })
    // What its name stands for is still remembered.
    const why = '1 record: the node was just deleted'
    expect(JSON.parse(await send('to one'))).toEqual({
      partialSuccess: { rejectedLogRecords: '1', errorMessage: why },
    })
    expect((await logOf(kept)).map(({ message }) => message)).toEqual(['to both', 'to one'])
    expect(JSON.parse(await send('to one again'))).toMatchObject({
      partialSuccess: { errorMessage: expect.stringContaining('no node has the id') },
    })
  })

  it('is created where the server is told so', async () => {
    const own = await startServer({ env: { LAUNCHTAIL_OTLP_UNKNOWN: 'create' } })
    const resource = [
      attribute('host.name', 'gpu-7'),
      attribute('cloud.provider', 'aws'),
      attribute('cloud.region', 'us-west-2'),
      attribute('host.type', 'p5.48xlarge'),
    ]
    const request = requestOf([{ body: text('hello') }], { resource })
    for (let n = 0; n < 2; n += 1) {
      expect((await post(JSON.stringify(request), JSON_TYPE, {}, own)).status).toBe(200)
    }
    expect(await logOf('gpu-7', own)).toHaveLength(2)
    expect(await (await own.fetch('/admin/nodes/gpu-7')).json()).toMatchObject({
      provider: 'aws',
      region: 'us-west-2',
      gpu: 'p5.48xlarge',
    })
  })
})

describe('a record', () => {
  const sent = async (record: object, more: Given = {}) => {
    const id = await newNode(server)
    const given = { ...more, resource: [...(more.resource ?? []), ...forNode(id).resource] }
    await post(JSON.stringify(requestOf([record], given)), JSON_TYPE)
    return { id, entries: await logOf(id) }
  }

  it('has its phase, progress and level read out of its message, as raw output has', async () => {
    const body = text(
      'Loading safetensors checkpoint shards:  50% Completed | 1/2 [00:01<00:01,  1.2s/it]',
    )
    const { entries } = await sent({ body })
    expect(entries).toMatchObject([{ phase: 'model_loading', progress: 75.5, level: 'info' }])
    const named = { body: text('RuntimeError: boom'), severityText: 'WARNING' }
    expect((await sent(named)).entries).toMatchObject([{ level: 'warn', phase: 'queued' }])
    expect((await sent({ body: text('RuntimeError: boom') })).entries).toMatchObject([
      { level: 'error' },
    ])
  })

  it('ends a launch only where it says so itself', async () => {
    const { id } = await sent({
      body: text('it serves'),
      attributes: [attribute('launchtail.phase', 'active')],
    })
    expect(await (await server.fetch(`/admin/nodes/${id}`)).json()).toMatchObject({
      status: 'active',
      message: 'it serves',
    })
  })

  it('may be a map, as Fluent Bit sends it', async () => {
    const values = [
      { key: 'log', value: text('from a file') },
      { key: 'stream', value: text('stderr') },
      { key: 'retries', value: { intValue: '3' } },
    ]
    const { entries } = await sent({ body: { kvlistValue: { values } } })
    expect(entries).toMatchObject([{ message: 'from a file', details: 'stream=stderr\nretries=3' }])
    const odd = { kvlistValue: { values: values.slice(1) } }
    expect((await sent({ body: odd })).entries).toMatchObject([
      { message: '{"stream":"stderr","retries":3}' },
    ])
  })

  it('keeps what follows the first line of its message in the details', async () => {
    const { entries } = await sent({ body: text('first\n  second\nthird') })
    expect(entries).toMatchObject([{ message: 'first', details: '  second\nthird' }])
  })

  it('has no secret left, in no place', async () => {
    const secret = 'hf_abcdefghijklmnopqrstuvwxyz0123456789'
    const { id, entries } = await sent({
      body: text(`login with ${secret}\nand again ${secret}`),
      attributes: [attribute('api_key', 'correct-horse-battery'), attribute('header', secret)],
    })
    await post(
      JSON.stringify(
        requestOf(
          [{ body: text(secret), attributes: [attribute('launchtail.phase', 'installing')] }],
          forNode(id),
        ),
      ),
      JSON_TYPE,
    )
    const shown = JSON.stringify([...entries, ...(await logOf(id))])
    expect(shown).toContain('***')
    expect(shown).not.toContain(secret)
    expect(shown).not.toContain('correct-horse-battery')
  })
})

it('a private key that two requests divide is not shown', async () => {
  const id = await newNode(server)
  const rows = [...Array(12)].map(() => randomBytes(48).toString('base64'))
  const last = randomBytes(21).toString('base64')
  const lines = [
    '-----BEGIN PRIVATE KEY-----',
    ...rows,
    last,
    '-----END PRIVATE KEY-----',
    'after it',
  ]
  for (const part of [lines.slice(0, 5), lines.slice(5, 9), lines.slice(9)]) {
    const records = part.map((line) => ({ body: text(line) }))
    await post(JSON.stringify(requestOf(records, forNode(id))), JSON_TYPE)
  }
  const shown = JSON.stringify(await logOf(id))
  expect(shown).toContain('after it')
  expect([...rows, last].filter((row) => shown.includes(row))).toEqual([])
})

describe('the two readers', () => {
  const value: fc.Arbitrary<object> = fc.oneof(
    fc.string().map(text),
    fc.boolean().map((boolValue) => ({ boolValue })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => ({ intValue: String(n) })),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((doubleValue) => ({ doubleValue })),
  )
  const attributes = fc.array(fc.record({ key: fc.string(), value }), { maxLength: 4 })
  const nanos = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String)
  const record = fc.record({
    timeUnixNano: nanos,
    observedTimeUnixNano: nanos,
    severityNumber: fc.nat(24),
    severityText: fc.string(),
    body: value,
    attributes,
  })

  it('read the same out of the same', () => {
    const request = fc.record({
      resourceLogs: fc.array(
        fc.record({
          resource: fc.record({ attributes }),
          scopeLogs: fc.array(
            fc.record({ scope: fc.record({ name: fc.string() }), logRecords: fc.array(record) }),
          ),
        }),
      ),
    })
    fc.assert(
      fc.property(request, (given) => {
        const sound = JSON.parse(JSON.stringify(given).toWellFormed()) as object
        expect([...readLogsProtobuf(encode(sound, LOGS))]).toEqual([...readLogsJson(sound)])
      }),
    )
  })

  it('throw nothing but a refusal, whatever bytes there are, and end', () => {
    const valid = encode(requestOf([{ timeUnixNano: '1', body: text('abc') }]), LOGS)
    for (let n = 0; n < 20_000; n += 1) {
      const bytes = n % 2 === 0 ? randomBytes(n % 64) : Buffer.from(valid)
      if (n % 2 === 1) bytes[n % bytes.length] = randomBytes(1)[0] as number
      try {
        Array.from(readLogsProtobuf(bytes))
      } catch (error) {
        expect((error as Error).constructor.name).toBe('MalformedOtlp')
      }
    }
    expect(valid.length).toBeGreaterThan(10)
  })

  it('skip what they do not know, and refuse what is nested too deeply', () => {
    // Field 99, a varint; then a resource with a field 7 of bytes.
    const unknown = [0x98, 0x06, 0x05, 0x0a, 0x04, 0x3a, 0x02, 0x01, 0x02]
    const message = encode(requestOf([{ body: text('x') }]), LOGS)
    const all = Buffer.from([...unknown, ...message, ...unknown])
    expect([...readLogsProtobuf(all)]).toMatchObject([{ record: { body: 'x' } }])
    let body: object = text('deep')
    for (let n = 0; n < 40; n += 1) body = { arrayValue: { values: [body] } }
    expect(() => [...readLogsJson(requestOf([{ body }]))]).toThrow(/nested more than/)
  })

  it('keep times that are numbers in JSON exact, and texts that look like them as they are', () => {
    const sent =
      '{"timeUnixNano": 1700000000123456789, "body":{"stringValue":"\\"timeUnixNano\\":1700000000123456789"}}'
    expect(JSON.parse(withExactTimes(sent))).toEqual({
      timeUnixNano: '1700000000123456789',
      body: text('"timeUnixNano":1700000000123456789'),
    })
  })
})

it('a request during which the storage is away is one that senders repeat', async () => {
  const redis = await startRedis()
  const own = await startServer({ env: { REDIS_URL: redis.url } })
  const id = await newNode(own)
  await redis.kill()
  const request = JSON.stringify(requestOf([{ body: text('x') }], forNode(id)))
  const answer = await post(request, JSON_TYPE, {}, own)
  expect(answer.headers.get('retry-after')).toBe('1')
  expect(await refusal(answer, JSON_TYPE)).toMatchObject({ status: 503, code: 14 })
})
