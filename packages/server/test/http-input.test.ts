import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  endAll,
  type RunningServer,
  redisCli,
  startRedis,
  startServer,
  TOKEN,
  until,
} from './support/processes.js'
import { rawConnection, rawRequest } from './support/raw-http.js'
import { type OpenedStream, openStream } from './support/stream.js'

const AUTHORIZED = { 'X-Admin-Token': TOKEN }
const NDJSON = { 'Content-Type': 'application/x-ndjson' }
const TEXT = { 'Content-Type': 'text/plain' }
const MIB = 1024 * 1024

interface Entry {
  timestamp: string
  level: string
  message: string
  phase: string
  progress?: number
  details?: string
}

let server: RunningServer
let made = 0

beforeAll(async () => {
  server = await startServer()
})

afterAll(endAll)

/** A fresh node with these entries; its id. */
async function node(...entries: object[]): Promise<string> {
  made += 1
  const id = `input-${made}`
  expect((await server.post('/admin/nodes', { node_id: id })).status).toBe(201)
  if (entries.length > 0) expect((await send(id, entries)).status).toBe(202)
  return id
}

function send(id: string, body: unknown, headers?: Record<string, string>): Promise<Response> {
  return post(`/admin/nodes/${id}/logs`, body, headers)
}

/** Bytes are sent as they are. */
function post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response> {
  if (!Buffer.isBuffer(body)) return server.post(path, body, headers)
  const type = { 'Content-Type': 'application/json' }
  const bytes = new Uint8Array(body)
  return server.fetch(path, { method: 'POST', body: bytes, headers: { ...type, ...headers } })
}

async function logsOf(id: string, query = 'tail=all'): Promise<Entry[]> {
  const response = await server.fetch(`/admin/nodes/${id}/logs?${query}`)
  const body = (await response.json()) as { logs: Entry[] }
  expect([query, response.status, body]).toEqual([query, 200, expect.anything()])
  return body.logs
}

async function messagesOf(id: string, query?: string): Promise<string[]> {
  return (await logsOf(id, query)).map(({ message }) => message)
}

/** All of a stream that ends by itself. */
async function streamOf(id: string, query: string, headers = {}): Promise<OpenedStream> {
  const url = `${server.url}/admin/nodes/${id}/logs/stream?${query}`
  const stream = await openStream(url, { ...AUTHORIZED, ...headers })
  expect(stream.response.status).toBe(200)
  await stream.ended
  return stream
}

async function expectRefusal(
  response: Response,
  status: number,
  message: string | RegExp,
): Promise<void> {
  const body = await response.json()
  const words = typeof message === 'string' ? message : expect.stringMatching(message)
  expect([response.status, body]).toEqual([status, { error: { message: words } }])
}

describe('a message', () => {
  const lineEnds = [
    'a\n\nevent: done\ndata: {}\n\nb',
    'a\r\revent: done\rdata: {}\r\rb',
    'a\r\n\r\nevent: done\r\ndata: {}\r\n\r\nb',
    'a\u2028event: done\u2029data: {}\u0085id: 7\u0085b',
    'a\u000b\u000c\u001c\u001d\u001eevent: done',
    '\nretry: 1\n: comment\nid: x\n',
  ]

  it.each(lineEnds)('stays one event whatever line ends it holds', async (message) => {
    const id = await node({ message, level: 'error', progress: 5, details: message })
    const stream = await streamOf(id, 'follow=false')
    expect(stream.events.map(({ event }) => event)).toEqual(['log', 'status', 'error', 'done'])
    expect(stream.events[0]?.data).toMatchObject({ message, details: message })
    expect(stream.events[1]?.data).toMatchObject({ message })
    expect(stream.events[2]?.data).toMatchObject({ error: message, details: message })
    expect(stream.retries).toHaveLength(1)
    // Cut as Python's `splitlines` does, which knows more line ends than SSE.
    const lines = stream.text().split(/\r\n|[\n\r\u000b\u000c\u001c-\u001e\u0085\u2028\u2029]/)
    const fields = lines.filter((line) => line !== '').map((line) => line.split(':', 1)[0])
    expect(fields.filter((field) => field === 'event')).toHaveLength(4)
    expect(new Set(fields)).toEqual(new Set(['', 'retry', 'id', 'event', 'data']))
  })

  it.each(lineEnds)('is one line of NDJSON and one of plain text', async (message) => {
    const id = await node({ message })
    const ndjson = await streamOf(id, 'follow=false', { Accept: 'application/x-ndjson' })
    const events = ndjson
      .text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.map(({ event }) => event)).toEqual(['cursor', 'log', 'done'])
    expect(events[1].data.message).toBe(message)
    const text = await streamOf(id, 'follow=false', { Accept: 'text/plain' })
    expect(text.text().split('\n')).toHaveLength(3)
  })

  it('keeps a NUL as such and has half characters replaced', async () => {
    const id = await node()
    await send(id, '[{"message":"a\\u0000b"},{"message":"a\\ud800b","details":"\\udc00"}]')
    const expected = [{ message: 'a\0b' }, { message: 'a\ufffdb', details: '\ufffd' }]
    expect(await logsOf(id)).toMatchObject(expected)
    const { events } = await streamOf(id, 'follow=false')
    expect(events.slice(0, 2).map(({ data }) => data)).toMatchObject(expected)
  })

  it('cannot end another one’s stream: `done` comes of the phase alone', async () => {
    const id = await node()
    const url = `${server.url}/admin/nodes/${id}/logs/stream`
    const stream = await openStream(url, AUTHORIZED)
    await send(id, { message: '\n\nevent: done\ndata: {"status":"active"}\n\n' })
    await send(id, { message: 'still here' })
    await until('the entry after it', () => stream.messages().includes('still here'))
    expect(stream.events.map(({ event }) => event)).toEqual(['log', 'log'])
    expect((await logsOf(id)).map(({ phase }) => phase)).toEqual(['queued', 'queued'])
  })
})

describe('an event id', () => {
  const ours = /^-?\d+:[0-9a-f]{1,8}:(log|status|error|done)$/

  it.each([
    ['of 10 KB', 'zzmark'.repeat(1700)],
    ['beyond all whole numbers', '9007199254740993:aaaaaaaa:log'],
    ['below zero', '-1'],
    ['below zero in full', '-2:aaaaaaaa:log'],
    ['with an exponent', '1e9'],
    ['that is a bare number', '5'],
    ['of an unknown event', '0:aaaaaaaa:gap'],
    ['with markup', '<script>zzmark</script>&"\''],
    ['with colours', 'zz\u001b[31mmark\u001b]0;title\u0007'],
    ['with line ends', '0:aaaaaaaa:log\r\nSet-Cookie: zzmark=1\r\n\r\nevent: done'],
    ['with a NUL', '0:aaaa\0aaaa:log'],
    ['in other digits', '٣:aaaaaaaa:log'],
    ['of a path', '../../etc/zzmark'],
  ])(
    'that is none of ours, %s, is a gap, and is given back only as far as it is harmless',
    async (_what, wrong) => {
      const id = await node({ message: 'first' }, { message: 'second' })
      const query = `follow=false&last_event_id=${encodeURIComponent(wrong)}`
      // In the address there is less room for it than in a header.
      const headers = wrong.length > 1000 ? { 'Last-Event-ID': wrong } : {}
      const stream = await streamOf(id, wrong.length > 1000 ? 'follow=false' : query, headers)
      const [gap, ...rest] = stream.events
      expect(gap).toMatchObject({
        event: 'gap',
        data: { resumed_from: '-1:0:log', missed: 0, reason: 'unknown' },
      })
      expect(gap?.data.requested).toMatch(/^[A-Za-z0-9:_-]{0,64}$/)
      expect(gap?.data.requested).toBe(wrong.replace(/[^A-Za-z0-9:_-]/g, '').slice(0, 64))
      expect(stream.response.headers.has('set-cookie')).toBe(false)
      expect(rest.map(({ event }) => event)).toEqual(['log', 'log', 'done'])
      expect(stream.messages()).toEqual(['first', 'second'])
      expect(server.output()).not.toContain('zzmark')
    },
  )

  it.each([
    ['of a far entry', '999999999999999:aaaaaaaa:log'],
    ['of an entry that has another check', '0:aaaaaaaa:log'],
  ])('in our form, but %s, is a gap too', async (_what, wrong) => {
    const id = await node({ message: 'first' })
    const stream = await streamOf(id, 'follow=false', { 'Last-Event-ID': wrong })
    const reason = { requested: wrong, reason: 'rewritten' }
    expect(stream.events[0]).toMatchObject({ event: 'gap', data: reason })
    expect(stream.messages()).toEqual(['first'])
  })

  it('of another node is a gap', async () => {
    const [one, other] = [await node({ message: 'one' }), await node({ message: 'other' })]
    const { events } = await streamOf(one, 'follow=false&tail=all')
    const stream = await streamOf(other, 'follow=false', { 'Last-Event-ID': events[0]?.id })
    expect(stream.events[0]).toMatchObject({ event: 'gap', data: { reason: 'rewritten' } })
    expect(stream.messages()).toEqual(['other'])
  })

  it('in the header wins over one in the address', async () => {
    const id = await node({ message: 'first' }, { message: 'second' })
    const [first] = (await streamOf(id, 'follow=false')).events
    const header = { 'Last-Event-ID': String(first?.id) }
    const stream = await streamOf(id, 'follow=false&last_event_id=nonsense', header)
    expect(stream.messages()).toEqual(['second'])
    expect(stream.events.map(({ event }) => event)).toEqual(['log', 'done'])
    for (const name of ['last_event_id', 'lastEventId']) {
      const resumed = await streamOf(id, `follow=false&${name}=${first?.id}`)
      expect(resumed.messages()).toEqual(['second'])
    }
  })

  it('that is empty is none', async () => {
    const id = await node({ message: 'first' })
    const stream = await streamOf(id, 'follow=false&last_event_id=', { 'Last-Event-ID': '' })
    expect(stream.events.map(({ event }) => event)).toEqual(['log', 'done'])
    for (const { id: given } of stream.events) expect(given).toMatch(ours)
  })

  it('injects no header where it stands: line ends and control characters in one are refused', async () => {
    const id = await node({ message: 'first' })
    for (const injected of [
      'x\r\n X-Folded: zzmark',
      'x\rX-Injected: zzmark',
      'x\nX-Injected: zzmark\r\n \r\n',
      'x\0zzmark',
      'x\u001b[31mzzmark',
    ]) {
      const line = `GET /admin/nodes/${id}/logs/stream?follow=false`
      const headers = { ...AUTHORIZED, 'Last-Event-ID': injected }
      const connection = rawConnection(server.url, rawRequest(line, headers))
      const answer = await connection.answer()
      // A bare line feed may be read as a line end; what follows is then a header like any other.
      expect([injected, [200, 400].includes(answer.status)]).toEqual([injected, true])
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('x-'))).not.toContain(
        'x-injected',
      )
      expect(answer.body).not.toMatch(/zzmark.*zzmark|\u001b|\0/)
    }
    expect(server.output()).not.toContain('zzmark')
  })

  it('costs the storage the same whatever it is, and does not get there', async () => {
    const redis = await startRedis()
    const env = { REDIS_URL: redis.url, LAUNCHTAIL_POLL_INTERVAL: '60s' }
    const onRedis = await startServer({ env })
    await onRedis.post('/admin/nodes', { node_id: 'watched' })
    await onRedis.post('/admin/nodes/watched/logs', [{ message: 'first' }, { message: 'second' }])
    const monitor = spawn('redis-cli', ['-p', String(redis.port), 'MONITOR'])
    onTestFinished(() => void monitor.kill())
    let seen = ''
    monitor.stdout.on('data', (chunk) => {
      seen += chunk
    })
    await until('the monitor to listen', () => seen.includes('OK'))

    /** How many commands a stream with this id takes. */
    let rounds = 0
    async function costOf(lastId: string): Promise<number> {
      rounds += 1
      const [begin, end] = [`begin-${rounds}`, `end-${rounds}`]
      await redisCli(redis.port, ['ECHO', begin])
      const url = `${onRedis.url}/admin/nodes/watched/logs/stream?follow=false`
      const stream = await openStream(url, { ...AUTHORIZED, 'Last-Event-ID': lastId })
      await stream.ended
      expect(stream.messages()).toEqual(['first', 'second'])
      await redisCli(redis.port, ['ECHO', end])
      await until('the monitor to have seen it', () => seen.includes(`"${end}"`))
      const part = seen.slice(seen.indexOf(`"${begin}"`), seen.indexOf(`"${end}"`))
      // What a script does by itself is not asked of the storage.
      return part.split('\n').filter((line) => !line.includes(' lua] ')).length
    }

    await costOf('-1:0:log')
    const usual = await costOf('-1:0:log')
    const marked = `zzmark${'x'.repeat(10_000)}`
    for (const lastId of [marked, 'zzmark:*', '999999999999999:aaaaaaaa:log', '1e9', '-5']) {
      // The reading of an entry that is not there, once, and that of what is there instead.
      expect(await costOf(lastId)).toBeLessThanOrEqual(usual + 3)
    }
    expect(seen).not.toContain('zzmark')
    expect(seen).not.toMatch(/"keys"|"scan"/i)
  })
})

describe('what would act on a terminal', () => {
  const shown = 'before after'
  const acting = [
    ['a clipboard write', 'before\u001b]52;c;ZXZpbA==\u0007 after'],
    ['a clipboard write ended by ST', 'before\u001b]52;c;ZXZpbA==\u001b\\ after'],
    ['a link', '\u001b]8;;https://evil.example\u001b\\before\u001b]8;;\u001b\\ after'],
    ['a title', '\u001b]0;owned\u0007before after'],
    ['cursor movements', 'before\u001b[2K\u001b[1A\u001b[10;20H after'],
    ['colours', '\u001b[1;31mbefore\u001b[0m after'],
    ['C1 controls', 'before\u009b2J\u009d0;owned\u009c after'],
    ['a device string', 'before\u001bP$q"p\u001b\\ after'],
    ['a reset', 'before\u001bc after'],
    ['bells and backspaces', 'before\u0007\u0008\u0008 after\u007f'],
    ['bidi overrides', '\u202ebefore\u202c \u2066after\u2069\u200f'],
  ] as const

  it.each(acting)('is not in plain text: %s', async (_what, message) => {
    const id = await node({ message, details: message })
    const stream = await streamOf(id, 'follow=false', { Accept: 'text/plain' })
    const file = await (await server.fetch(`/admin/nodes/${id}/logs/export?format=text`)).text()
    for (const text of [stream.text(), file]) {
      expect(text).toContain(`${shown} (${shown})`)
      expect(text).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/)
    }
  })

  it.each(acting)('is in a table only where it is asked for raw: %s', async (_what, message) => {
    const id = await node({ message, details: message })
    const csv = async (more: string) =>
      (await server.fetch(`/admin/nodes/${id}/logs/export?format=csv${more}`)).text()
    expect(await csv('')).toContain(`${shown},${shown}\r\n`)
    expect(await csv('&raw=true')).toContain(message.replaceAll('"', '""'))
  })

  it('is kept as it came in JSON, where it is escaped text', async () => {
    const message = '\u001b]52;c;ZXZpbA==\u0007'
    const id = await node({ message })
    const text = await (await server.fetch(`/admin/nodes/${id}/logs`)).text()
    expect(JSON.parse(text).logs[0].message).toBe(message)
    expect(text).not.toMatch(/[\0-\x1f]/)
  })
})

describe('a node id', () => {
  const NOT_FOUND = { error: { message: 'node not found' } }
  const wrong = [
    '..',
    '..%2f',
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e',
    '%252e%252e%252f',
    '%2e%2e%5c',
    '%00',
    'a%00b',
    'a%0d%0aX-Injected:%20zzmark',
    'a%20b',
    '-leading',
    '.hidden',
    '*',
    '%2a',
    '%5bab%5d',
    'node_logs:x',
    '__proto__',
    'constructor',
    'toString',
    "x'--",
    'ünïcode',
    '%f0%9f%94%91',
    'x'.repeat(10 * 1024),
    '%2e'.repeat(1000),
  ]

  it.each(wrong)('that is none, or none of ours, is not found: %s', async (name) => {
    const path = `/admin/nodes/${encodeURI(decodeURI(encodeURI(name)))}`.replaceAll('%25', '%')
    const target = name.includes('%252e') ? `/admin/nodes/${name}` : path
    for (const [line, type, body] of [
      [`GET ${target}`],
      [`GET ${target}/logs`],
      [`GET ${target}/logs/stream`],
      [`GET ${target}/logs/export`],
      [`DELETE ${target}`],
      [`POST ${target}/terminate`],
      [`POST ${target}/logs`, 'application/json', '{"message":"x"}'],
      [`POST ${target}/logs`, 'text/plain', 'x\n'],
    ] as const) {
      const headers = { ...AUTHORIZED, ...(type && { 'Content-Type': type }) }
      const answer = await rawConnection(server.url, rawRequest(line, headers, body)).answer()
      expect([line.slice(0, 60), answer.status, answer.json()]).toEqual([
        line.slice(0, 60),
        404,
        NOT_FOUND,
      ])
      expect(answer.headers).not.toHaveProperty('x-injected')
    }
  })

  it('that is none has touched neither a file nor a record', async () => {
    const files = await readdir(server.dataDir, { recursive: true })
    const known =
      /^(logs|records|archive|lock)\.db(-wal|-shm|-journal)?$|^(pid|url|name|reserve|secrets-key|launches)$/
    expect(files.filter((file) => !known.test(file))).toEqual([])
    const { nodes } = (await (await server.fetch('/admin/nodes?limit=1000')).json()) as {
      nodes: { node_id: string }[]
    }
    expect(nodes.filter(({ node_id: id }) => !/^input-\d+$/.test(id))).toEqual([])
    expect(server.output()).not.toContain('zzmark')
  })

  it.each(['../x', '__proto__', 'a b', '', 'x\0', 'x'.repeat(10_240), 7, null, {}, ['a']])(
    'that is none makes no node',
    async (name) => {
      const response = await server.post('/admin/nodes', { node_id: name })
      await expectRefusal(response, 400, /^'node_id' /)
    },
  )

  it.each(['constructor', 'toString', 'hasOwnProperty', '0', 'a.b-c_D', 'x'.repeat(128)])(
    'that means something to a program is a node like any other: %s',
    async (name) => {
      expect((await server.fetch(`/admin/nodes/${name}`)).status).toBe(404)
      expect((await server.post('/admin/nodes', { node_id: name })).status).toBe(201)
      expect((await send(name, { message: 'hello' })).status).toBe(202)
      expect(await messagesOf(name)).toEqual(['hello'])
      expect((await server.fetch(`/admin/nodes/${name}`, { method: 'DELETE' })).status).toBe(204)
      expect((await server.fetch(`/admin/nodes/${name}`)).status).toBe(404)
    },
  )
})

describe('a JSON body', () => {
  const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  const malformed: [string, string | Buffer, RegExp][] = [
    ['nothing', '', /^body is not valid JSON/],
    ['blanks', ' \n ', /^body is not valid JSON/],
    ['half an object', '{"message":"x"', /^body is not valid JSON/],
    ['half an array', '[{"message":"x"}', /^body is not valid JSON/],
    ['a trailing comma', '[{"message":"x"},]', /^entry 1 is not valid JSON/],
    ['a missing comma', '[{"message":"x"}{"message":"y"}]', /^entry 0 is not valid JSON/],
    ['two values', '{"message":"x"} {"message":"y"}', /^body is not valid JSON/],
    ['something after the array', '[{"message":"x"}] 1', /^body is not valid JSON/],
    ['single quotes', "{'message':'x'}", /^body is not valid JSON/],
    ['a comment', '{"message":"x"/* */}', /^body is not valid JSON/],
    ['a bare line end in a text', '{"message":"a\nb"}', /^body is not valid JSON/],
    ['NaN', '{"message":"x","progress":NaN}', /^body is not valid JSON/],
    ['a prototype', '{"message":"x","__proto__":{"level":"error"}}', /^body is not valid JSON/],
    ['an escaped prototype', '{"message":"x","__pr\\u006fto__":{}}', /^body is not valid JSON/],
    ['a constructor', '{"message":"x","constructor":{"prototype":{}}}', /^body is not valid JSON/],
    ['a name twice', '{"message":"x","message":"y"}', /^body has a name twice/],
    ['a name twice, once escaped', '{"message":"x","m\\u0065ssage":"y"}', /^body has a name twice/],
    [
      'a name twice, further in',
      '[{"message":"x"},{"message":"x","a":{"b":1,"b":2}}]',
      /^entry 1 has a name twice/,
    ],
    ['33 levels', `{"message":"x","a":${deep(33)}}`, /nested more than 32 deep/],
    ['1,000 levels', deep(1000), /nested more than 32 deep/],
    ['100,000 open brackets', '['.repeat(100_000), /nested more than 32 deep|not valid JSON/],
    ['deep objects', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, /nested more than 32 deep/],
    ['a byte order mark', '\ufeff{"message":"x"}', /^body is not valid JSON/],
    ['UTF-16', Buffer.from('{"message":"x"}', 'utf16le'), /^body is not valid JSON/],
    ['UTF-16 with its mark', Buffer.from('\ufeff{"message":"x"}', 'utf16le'), /^body is not valid/],
    ['invalid UTF-8', Buffer.from('{"message":"\xff\xfe"}', 'latin1'), /^body is not valid UTF-8/],
    ['overlong UTF-8', Buffer.from('{"message":"\xc0\xaf"}', 'latin1'), /^body is not valid UTF-8/],
    [
      'half a character',
      Buffer.from('{"message":"\xe2\x82"}', 'latin1'),
      /^body is not valid UTF-8/,
    ],
  ]
  const wrong: [string, string, RegExp][] = [
    ['null', 'null', /^entry 0: the entry must be an object$/],
    ['a text', '"x"', /^entry 0: /],
    ['a number', '7', /^entry 0: /],
    ['no message', '{}', /^entry 0: 'message' is required/],
    [
      'no message in the third',
      '[{"message":"a"},{"message":"b"},{}]',
      /^entry 2: 'message' is required/,
    ],
    ['an array in an array', '[[{"message":"x"}]]', /^entry 0: /],
    ['a message of another type', '{"message":7}', /^entry 0: 'message' must be a string/],
    ['no text at all', '{"message":null}', /^entry 0: 'message' must be a string/],
    [
      'an unknown level',
      '{"message":"x","level":"fatal"}',
      /^entry 0: 'level' must be one of debug, /,
    ],
    ['a level in capitals', '{"message":"x","level":"INFO"}', /^entry 0: 'level' must be one of/],
    [
      'a level with a line end',
      '{"message":"x","level":"info\\n"}',
      /^entry 0: 'level' must be one of/,
    ],
    [
      'an unknown phase',
      '{"message":"x","phase":"booting"}',
      /^entry 0: 'phase' must be one of queued, /,
    ],
    [
      'a phase with a line end',
      '{"message":"x","phase":"queued\\n\\nevent: done"}',
      /^entry 0: 'phase' must/,
    ],
    [
      'a phase of a prototype',
      '{"message":"x","phase":"constructor"}',
      /^entry 0: 'phase' must be one of/,
    ],
    [
      'a progress below zero',
      '{"message":"x","progress":-1}',
      /^entry 0: 'progress' must be a number/,
    ],
    [
      'a progress above 100',
      '{"message":"x","progress":100.5}',
      /^entry 0: 'progress' must be a number/,
    ],
    [
      'a progress without bound',
      '{"message":"x","progress":1e400}',
      /^entry 0: 'progress' must be a number/,
    ],
    [
      'a progress that is a text',
      '{"message":"x","progress":"5"}',
      /^entry 0: 'progress' must be a number/,
    ],
    [
      'details of another type',
      '{"message":"x","details":{}}',
      /^entry 0: 'details' must be a string/,
    ],
    ['two faults', '{"level":"x","phase":"y"}', /^entry 0: .*'level' .*'phase' /],
    [
      'a timestamp that is none',
      '{"message":"x","timestamp":"yesterday"}',
      /^entry 0: 'timestamp' must be/,
    ],
    [
      'a timestamp that is a number',
      '{"message":"x","timestamp":1705314600}',
      /^entry 0: 'timestamp' must be/,
    ],
  ]

  it.each([...malformed, ...wrong])(
    'with %s is refused with what is wrong, and nothing is stored',
    async (_what, body, message) => {
      const id = await node()
      await expectRefusal(await send(id, body), 400, message)
      expect(await logsOf(id)).toEqual([])
    },
  )

  it.each(malformed.filter(([what]) => !/^(blanks|nothing)/.test(what)))(
    'with %s makes no node and no launch either',
    async (_what, body) => {
      for (const path of ['/admin/nodes', '/admin/nodes/launch']) {
        await expectRefusal(await post(path, body), 400, /.{10}/)
      }
    },
  )

  it('with 100,000 levels is refused as too large or too deep', async () => {
    const id = await node()
    const body = deep(100_000)
    await expectRefusal(await send(id, body), 413, 'entry 0 has more than 65536 bytes')
    for (const path of ['/admin/nodes', '/admin/nodes/launch']) {
      await expectRefusal(await server.post(path, body), 400, /nested more than 32 deep/)
    }
  })

  it('with 32 levels, and with a zero below zero, is fine', async () => {
    const id = await node()
    const body = `[{"message":"x","progress":-0},{"message":"y","more":${deep(30)}}]`
    expect((await send(id, body)).status).toBe(202)
    const text = await (await server.fetch(`/admin/nodes/${id}/logs`)).text()
    expect(text).toContain('"message":"x","phase":"queued","progress":0}')
    // What is no field of an entry is not kept.
    expect(text).not.toContain('more')
  })

  it('one bad entry of many keeps all of them out', async () => {
    const id = await node()
    const entries = Array.from({ length: 500 }, (_, i) => ({ message: `m${i}` }))
    const body = [...entries, { message: 'x', phase: 'nowhere' }]
    await expectRefusal(await send(id, body), 400, /^entry 500: 'phase' /)
    expect(await logsOf(id)).toEqual([])
  })
})

describe('an NDJSON body', () => {
  it.each([
    ['{"message":"a"}\n{"message":\n', /^line 2 is not valid JSON/],
    ['\n\n{"message":"a"}\r\nnonsense\n', /^line 4 is not valid JSON/],
    ['{"message":"a"}\n[{"message":"b"}]\n', /^entry 1: /],
    ['{"message":"a"}\n{"message":"b","level":"loud"}', /^entry 1: 'level' must be one of/],
    ['{"message":"a"}{"message":"b"}', /^line 1 is not valid JSON/],
    [`{"message":"a"}\n${'['.repeat(100_000)}`, /^entry 1 has more than|^line 2 is nested/],
  ])(
    'that is wrong is refused with its line or entry, and nothing is stored',
    async (body, message) => {
      const id = await node()
      const response = await send(id, body, NDJSON)
      await expectRefusal(
        response,
        /has more/.test(String(message)) ? response.status : 400,
        message,
      )
      expect(response.status).toBeLessThan(500)
      expect(await logsOf(id)).toEqual([])
    },
  )

  it('may have empty lines, CRLF and no end of its last line', async () => {
    const id = await node()
    const body = '\n{"message":"a"}\r\n\r\n{"message":"b"}'
    const response = await send(id, body, NDJSON)
    expect(await response.json()).toMatchObject({ accepted: 2 })
    expect(await messagesOf(id)).toEqual(['a', 'b'])
  })
})

describe('a content type', () => {
  it.each([
    undefined,
    'image/png',
    'application/json garbage',
    'application/json, text/plain',
    'application/jsonx',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/html',
    'application/json;;charset',
  ])('that is not one of ours is refused: %s', async (type) => {
    const id = await node()
    for (const path of [`/admin/nodes/${id}/logs`, '/admin/nodes', '/admin/nodes/launch']) {
      const headers = { ...AUTHORIZED, ...(type !== undefined && { 'Content-Type': type }) }
      const request = rawRequest(`POST ${path}`, headers, '{"message":"x"}')
      const answer = await rawConnection(server.url, request).answer()
      expect([path, answer.status]).toEqual([path, 415])
      expect(answer.json()).toEqual({
        error: { message: expect.stringMatching(/^content type /) },
      })
    }
    expect(await logsOf(id)).toEqual([])
  })

  it.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="utf-8"',
  ])('may be spelled as it likes: %s', async (type) => {
    const id = await node()
    expect((await send(id, { message: 'x' }, { 'Content-Type': type })).status).toBe(202)
  })

  it.each(['gzip', 'br', 'deflate', 'x-unknown', 'gzip, identity'])(
    'with a content encoding is refused before anything is unpacked: %s',
    async (encoding) => {
      const id = await node()
      for (const type of ['application/json', 'application/x-ndjson', 'text/plain']) {
        const headers = { 'Content-Type': type, 'Content-Encoding': encoding }
        const response = await send(id, '\x1f\x8b', headers)
        await expectRefusal(response, 415, /^content encoding .* is not supported/)
      }
      expect(await logsOf(id)).toEqual([])
    },
  )
})

describe('the size of a request', () => {
  it('is at most 16 MiB, announced or not; more is refused and nothing is stored', async () => {
    const id = await node()
    const entry = JSON.stringify({ message: 'x'.repeat(60_000) })
    const body = `[${Array.from({ length: 300 }, () => entry).join(',')}]`
    expect(body.length).toBeGreaterThan(17 * MIB)
    await expectRefusal(await send(id, body), 413, 'request has more than 16777216 bytes')
    const path = `${server.url}/admin/nodes/${id}/logs`
    const chunks = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(body))
        controller.close()
      },
    })
    const headers = { ...AUTHORIZED, ...NDJSON }
    const init = { method: 'POST', headers, body: chunks, duplex: 'half' }
    const response = await fetch(path, init as RequestInit)
    await expectRefusal(response, 413, 'request has more than 16777216 bytes')
    expect(await logsOf(id)).toEqual([])
  })

  it('is at most 10,000 entries; one more is refused and nothing is stored', async () => {
    const id = await node()
    const most = Array.from({ length: 10_000 }, () => '{"message":"x"}')
    for (const [headers, join] of [
      [{}, (all: string[]) => `[${all}]`],
      [NDJSON, (all: string[]) => all.join('\n')],
    ] as const) {
      const response = await send(id, join([...most, '{"message":"y"}']), headers)
      await expectRefusal(response, 413, 'request has more than 10000 entries')
    }
    expect(await logsOf(id)).toEqual([])
    const response = await send(id, `[${most}]`)
    expect(await response.json()).toMatchObject({ accepted: 10_000 })
  })

  it('is at most 64 KiB an entry', async () => {
    const id = await node()
    const frame = Buffer.byteLength('{"message":""}')
    const largest = `{"message":"${'x'.repeat(65_536 - frame)}"}`
    const larger = `{"message":"${'é'.repeat((65_536 - frame) / 2)}é"}`
    expect((await send(id, largest)).status).toBe(202)
    await expectRefusal(await send(id, larger), 413, 'entry 0 has more than 65536 bytes')
    const second = `[{"message":"x"},${larger}]`
    await expectRefusal(await send(id, second), 413, 'entry 1 has more than 65536 bytes')
    const line = `{"message":"x"}\n${larger}\n`
    await expectRefusal(await send(id, line, NDJSON), 413, 'entry 1 has more than 65536 bytes')
    expect(await logsOf(id)).toHaveLength(1)
  })

  it('of raw output has no bound, but its lines do', async () => {
    const id = await node()
    const line = 'y'.repeat(100_000)
    const response = await send(id, `${line}\nshort\n`, TEXT)
    expect(await response.json()).toMatchObject({ accepted: 2 })
    const [cut, short] = await messagesOf(id)
    expect(cut).toMatch(/^y{50000,} … \[cut: \d+ bytes left out\]$/)
    expect(short).toBe('short')
  })
})

describe('a body that is made to be slow to read', () => {
  const TINY = '{"message":""},'
  const names = Array.from({ length: 1_000_000 }, (_, i) => `"k${i.toString(36)}":0`).join(',')
  const wide = `{"message":"x",${names}}`

  it.each([
    ['tiny entries', 413, {}, `[${TINY.repeat(Math.floor((16 * MIB) / TINY.length) - 2)}{}]`],
    ['empty lines', 202, NDJSON, '\n'.repeat(16 * MIB - 1)],
    ['an entry with a million fields', 413, {}, wide],
    ['a line with a million fields', 413, NDJSON, wide],
    ['an array of one entry with a million fields', 413, {}, `[${wide}]`],
    ['brackets', 400, {}, '['.repeat(16 * MIB - 1)],
    ['one text', 413, {}, `"${'x'.repeat(16 * MIB - 2)}"`],
  ])('does not hold up anything else: %s', async (_what, status, headers, body) => {
    const id = await node()
    expect(body.length).toBeGreaterThan(9 * MIB)
    await expectNoBlock(async () => {
      const response = await send(id, body, headers)
      expect(response.status).toBe(status)
      await response.arrayBuffer()
    })
    expect(await logsOf(id)).toEqual([])
  })

  it('does not hold up anything else where it asks for a launch', async () => {
    await expectNoBlock(async () => {
      const response = await server.post('/admin/nodes/launch', wide)
      await expectRefusal(response, 413, /^body has more than/)
    })
  })

  /**
   * The longest the server’s own loop stood still, as it counts it itself. A busy machine only adds
   * to that, so the least of some tries is looked at.
   */
  async function expectNoBlock(act: () => Promise<void>): Promise<void> {
    const blocks: number[] = []
    for (let i = 0; i < 4 && !blocks.some((ms) => ms < 100); i += 1) {
      await longestBlock()
      let alive = 0
      const done = act()
      let over = false
      const settled = done.finally(() => {
        over = true
      })
      while (!over) alive += (await server.fetch('/healthz')).status === 200 ? 1 : 0
      await settled
      expect(alive).toBeGreaterThan(0)
      blocks.push(await longestBlock())
    }
    expect(Math.min(...blocks)).toBeLessThan(300)
  }

  /** In milliseconds, since this was last asked. */
  async function longestBlock(): Promise<number> {
    const text = await (await server.fetch('/metrics')).text()
    const seconds = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text)?.[1]
    expect(seconds).toBeDefined()
    return Number(seconds) * 1000
  }
}, 60_000)

describe('a time', () => {
  const valid: [string, string][] = [
    ['2024-01-15T10:30:00Z', '2024-01-15T10:30:00.000Z'],
    ['2024-01-15t10:30:00z', '2024-01-15T10:30:00.000Z'],
    ['2024-01-15T10:30:00.1Z', '2024-01-15T10:30:00.100Z'],
    ['2024-01-15T10:30:00.123456789Z', '2024-01-15T10:30:00.123Z'],
    ['2024-01-15T10:30:00+14:00', '2024-01-14T20:30:00.000Z'],
    ['2024-01-15T10:30:00-12:00', '2024-01-15T22:30:00.000Z'],
    ['2024-01-15T10:30:00-00:00', '2024-01-15T10:30:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ]
  const invalid = [
    '2024-01-15T23:59:60Z',
    '2016-12-31T23:59:60Z',
    '0000-01-01T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '10000-01-01T00:00:00Z',
    '2024-01-15T10:30:00.1234567890Z',
    '2024-01-15T10:30:00.Z',
    '2024-01-15T10:30:00,5Z',
    '2024-01-15T10:30:00',
    '2024-01-15T10:30Z',
    '2024-01-15 10:30:00Z',
    '2024-01-15',
    '2024-13-15T10:30:00Z',
    '2024-00-15T10:30:00Z',
    '2024-02-30T10:30:00Z',
    '2023-02-29T10:30:00Z',
    '2024-01-15T24:00:00Z',
    '2024-01-15T10:60:00Z',
    '2024-01-15T10:30:00+24:00',
    '2024-01-15T10:30:00+0100',
    '2024-01-15T10:30:00+01',
    '2024-W03-1T10:30:00Z',
    '1705314600',
    'now',
    ' 2024-01-15T10:30:00Z',
    '2024-01-15T10:30:00Z\n',
    '٢٠٢٤-01-15T10:30:00Z',
  ]

  it.each(valid)('is read the same in an entry and in `since`: %s', async (text, instant) => {
    const id = await node({ message: 'x', timestamp: text })
    const [entry] = await logsOf(id)
    expect(entry?.timestamp).toBe(text)
    const time = Date.parse(instant)
    const since = (ms: number) => `since=${new Date(ms).toISOString()}`
    if (time > 0) expect(await messagesOf(id, since(time - 1))).toEqual(['x'])
    if (time < Date.UTC(9999, 11, 31)) expect(await messagesOf(id, since(time + 1))).toEqual([])
    expect(await messagesOf(id, `since=${encodeURIComponent(text)}`)).toEqual([])
  })

  it.each(invalid)('that is none is refused in both: %s', async (text) => {
    const id = await node()
    const sent = await send(id, { message: 'x', timestamp: text })
    await expectRefusal(sent, 400, /^entry 0: 'timestamp' must be an RFC 3339 time/)
    expect(await logsOf(id)).toEqual([])
    for (const path of ['logs', 'logs/stream', 'logs/export']) {
      const url = `/admin/nodes/${id}/${path}?since=${encodeURIComponent(text)}`
      await expectRefusal(await server.fetch(url), 400, "invalid 'since' timestamp format")
    }
  })

  it('is the sender’s word: order and history are those of arrival', async () => {
    const times = ['2099-01-01T00:00:00Z', '1970-01-01T00:00:01Z', '2024-01-15T10:30:00Z']
    const id = await node(...times.map((timestamp) => ({ message: timestamp, timestamp })))
    await send(id, { message: 'now' })
    expect(await messagesOf(id)).toEqual([...times, 'now'])
    expect(await messagesOf(id, 'tail=2')).toEqual([times[2], 'now'])
    expect((await streamOf(id, 'follow=false')).messages()).toEqual([...times, 'now'])
    expect(await messagesOf(id, 'since=2024-01-15T10:30:00Z')).toEqual([times[0], 'now'])
  })
})

describe('`since`', () => {
  const at = (fraction: string) => `2024-01-15T10:30:00${fraction}Z`
  const times = ['', '.000000001', '.5', '.500000001', '.999999999'].map(at)

  it('is exclusive, to the nanosecond, in every answer', async () => {
    const id = await node(...times.map((timestamp) => ({ message: timestamp, timestamp })))
    for (const [i, time] of times.entries()) {
      const later = times.slice(i + 1)
      expect(await messagesOf(id, `since=${time}`)).toEqual(later)
      const stream = await streamOf(id, `follow=false&since=${time}`)
      expect(stream.messages()).toEqual(later)
      const file = await server.fetch(`/admin/nodes/${id}/logs/export?since=${time}`)
      expect(await file.json()).toMatchObject({ count: later.length })
    }
  })

  it('may have an offset, with a blank where a plus was not escaped', async () => {
    const id = await node(...times.map((timestamp) => ({ message: timestamp, timestamp })))
    for (const offset of ['+02:00', ' 02:00', '%2B02:00', '%2b02:00', '%2002:00']) {
      const since = `since=2024-01-15T12:30:00.5${offset}`
      expect([offset, await messagesOf(id, since)]).toEqual([offset, times.slice(3)])
    }
    expect(await messagesOf(id, 'since=2024-01-15T05:30:00.5-05:00')).toEqual(times.slice(3))
  })

  it('may be a duration back from now', async () => {
    const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
    const ages = [3000, 120, 75, 12, 4, 0]
    const id = await node(...ages.map((age) => ({ message: String(age), timestamp: ago(age) })))
    for (const [duration, expected] of [
      ['90s', ['0']],
      ['10m', ['4', '0']],
      ['1h30m', ['75', '12', '4', '0']],
      ['2d', ['120', '75', '12', '4', '0']],
      ['1.5h', ['75', '12', '4', '0']],
      ['100d', ages.map(String)],
      ['1000000d', ages.map(String)],
      ['0s', []],
    ] as const) {
      expect([duration, await messagesOf(id, `since=${duration}`)]).toEqual([duration, expected])
    }
  })

  it.each(['', '10', '-5m', '5 m', 'm', '1w', '5M', '1h-30m', '1e3s', '٣m', `${'9'.repeat(400)}d`])(
    'that is neither is refused: %s',
    async (wrong) => {
      const id = await node()
      const url = `/admin/nodes/${id}/logs?since=${encodeURIComponent(wrong)}`
      await expectRefusal(await server.fetch(url), 400, "invalid 'since' timestamp format")
    },
  )

  it('holds back nothing that comes in while the stream is open', async () => {
    const id = await node({ message: 'old', timestamp: at('') })
    const url = `${server.url}/admin/nodes/${id}/logs/stream?since=2090-01-01T00:00:00Z`
    const stream = await openStream(url, AUTHORIZED)
    await until('the opening', () => stream.comments.length)
    await send(id, { message: 'new' })
    await until('the entry', () => stream.messages().length)
    expect(stream.messages()).toEqual(['new'])
  })
})

describe('`follow`', () => {
  it.each(['false', 'False', 'FALSE', 'f', '0'])(
    'ends the stream by done where it is %s',
    async (value) => {
      const id = await node({ message: 'first' })
      const { events } = await streamOf(id, `follow=${value}`)
      expect(events.map(({ event }) => event)).toEqual(['log', 'done'])
      const message = 'Log stream complete (follow=false)'
      expect(events[1]?.data).toEqual({ status: 'launching', message })
    },
  )

  it.each(['true', 'True', 'TRUE', 't', '1', undefined])(
    'keeps it open where it is %s',
    async (value) => {
      const id = await node({ message: 'first' })
      const query = value === undefined ? '' : `?follow=${value}`
      const stream = await openStream(
        `${server.url}/admin/nodes/${id}/logs/stream${query}`,
        AUTHORIZED,
      )
      await until('the history', () => stream.messages().length)
      await send(id, { message: 'second' })
      await until('the live entry', () => stream.messages().length === 2)
      expect(stream.events.map(({ event }) => event)).toEqual(['log', 'log'])
    },
  )

  it.each(['', 'yes', 'no', 'on', 'tRUE', '2', ' true', 'null'])(
    'that is no boolean is refused: "%s"',
    async (value) => {
      const id = await node()
      const url = `/admin/nodes/${id}/logs/stream?follow=${encodeURIComponent(value)}`
      const response = await server.fetch(url)
      expect(response.headers.get('content-type')).toMatch(/^application\/json/)
      await expectRefusal(response, 400, "invalid 'follow' value")
    },
  )
})

describe('`tail`', () => {
  const messages = Array.from({ length: 105 }, (_, i) => `m${i}`)

  it('is the number of the newest entries, 100 if it is not given', async () => {
    const id = await node(...messages.map((message) => ({ message })))
    for (const [query, count] of [
      ['', 100],
      ['tail=0', 0],
      ['tail=1', 1],
      ['tail=104', 104],
      ['tail=105', 105],
      ['tail=106', 105],
      ['tail=all', 105],
      ['tail=0005', 5],
      [`tail=${'9'.repeat(400)}`, 105],
    ] as const) {
      const expected = messages.slice(105 - count)
      expect([query, await messagesOf(id, query)]).toEqual([query, expected])
      const stream = await streamOf(id, `follow=false&${query}`)
      expect([query, stream.messages()]).toEqual([query, expected])
    }
  })

  it.each(['', '-1', '+5', '1.5', '5x', 'ALL', ' 5', '1e3', '0x10', '٣', 'NaN', '5;6'])(
    'that is no whole number is refused: "%s"',
    async (value) => {
      const id = await node()
      for (const path of ['logs', 'logs/stream', 'logs/export']) {
        const url = `/admin/nodes/${id}/${path}?tail=${encodeURIComponent(value)}`
        await expectRefusal(await server.fetch(url), 400, "invalid 'tail' value")
      }
    },
  )
})

describe('`level` and `q`', () => {
  const levels = ['debug', 'info', 'warn', 'error', 'debug', 'info', 'warn', 'error']

  it('thin out by what is at least that level, or exactly by a list', async () => {
    const id = await node(...levels.map((level, i) => ({ message: `${level}${i}`, level })))
    for (const [value, shown] of [
      ['debug', ['debug', 'info', 'warn', 'error']],
      ['info', ['info', 'warn', 'error']],
      ['warn', ['warn', 'error']],
      ['error', ['error']],
      ['error,debug', ['error', 'debug']],
      ['error,%20debug', ['error', 'debug']],
      ['warn,warn', ['warn']],
    ] as const) {
      const expected = levels.flatMap((level, i) =>
        (shown as readonly string[]).includes(level) ? [`${level}${i}`] : [],
      )
      expect([value, await messagesOf(id, `level=${value}`)]).toEqual([value, expected])
      const stream = await streamOf(id, `follow=false&level=${value}`)
      expect([value, stream.messages()]).toEqual([value, expected])
      // `level` hides entries, not what they mean.
      expect(stream.events.filter(({ event }) => event === 'error')).toHaveLength(2)
    }
  })

  it.each(['', 'WARN', 'fatal', 'warning', 'warn,', ',', 'warn;error', 'constructor'])(
    'a level that is none is refused: "%s"',
    async (value) => {
      const id = await node()
      for (const path of ['logs', 'logs/stream', 'logs/export']) {
        const url = `/admin/nodes/${id}/${path}?level=${encodeURIComponent(value)}`
        await expectRefusal(await server.fetch(url), 400, "invalid 'level' value")
      }
    },
  )

  it('a query that cannot be understood is refused with its column', async () => {
    const id = await node({ message: 'x' })
    for (const path of ['logs', 'logs/stream', 'logs/export']) {
      const response = await server.fetch(`/admin/nodes/${id}/${path}?q=phase:activ`)
      const message = "column 7: 'activ' is not a phase; did you mean 'active'?"
      await expectRefusal(response, 400, message)
    }
  })
})

describe('filters', () => {
  it('come in the order since, level, tail', async () => {
    const entries = Array.from({ length: 40 }, (_, i) => ({
      message: `m${i}`,
      level: i % 4 === 0 ? 'error' : 'info',
      timestamp: new Date(Date.UTC(2024, 0, 15, 10, i)).toISOString(),
    }))
    const id = await node(...entries)
    // Were `tail` first, there would be one error among the last five.
    for (const [query, expected] of [
      ['tail=5&level=error', ['m20', 'm24', 'm28', 'm32', 'm36']],
      ['level=error&tail=5', ['m20', 'm24', 'm28', 'm32', 'm36']],
      ['tail=5&level=error&since=2024-01-15T10:24:00Z', ['m28', 'm32', 'm36']],
      ['tail=2&since=2024-01-15T10:05:00Z', ['m38', 'm39']],
      ['tail=0&level=error', []],
    ] as const) {
      expect([query, await messagesOf(id, query)]).toEqual([query, expected])
      const stream = await streamOf(id, `follow=false&${query}`)
      expect([query, stream.messages()]).toEqual([query, expected])
      const file = await server.fetch(`/admin/nodes/${id}/logs/export?${query}`)
      const { logs } = (await file.json()) as { logs: Entry[] }
      expect([query, logs.map(({ message }) => message)]).toEqual([query, expected])
    }
  })
})

describe('a query parameter', () => {
  it('that is unknown is passed over', async () => {
    const id = await node({ message: 'x' })
    for (const query of [
      'foo=1&foo=2',
      '__proto__=1&constructor=2&hasOwnProperty=3',
      'Tail=0',
      'tail[]=0',
      '&&&=&=x',
      '%zz=1',
      'follow=nonsense',
    ]) {
      expect([query, await messagesOf(id, query)]).toEqual([query, ['x']])
    }
  })

  it('may be repeated as long as it says the same', async () => {
    const id = await node({ message: 'x' }, { message: 'y' })
    expect(await messagesOf(id, 'tail=1&tail=1&level=info&level=info')).toEqual(['y'])
    for (const [query, name] of [
      ['tail=1&tail=2', 'tail'],
      ['tail=1&tail=1&tail=2', 'tail'],
      ['tail=1&tail=', 'tail'],
      ['since=1m&since=2m', 'since'],
    ]) {
      const response = await server.fetch(`/admin/nodes/${id}/logs?${query}`)
      const message = `'${name}' is given more than once with different values`
      await expectRefusal(response, 400, message)
    }
    // This one is a list, and each value adds to it.
    const levels = await node(
      ...(['debug', 'info', 'warn', 'error'] as const).map((level) => ({ level, message: level })),
    )
    for (const [query, messages] of [
      ['level=debug&level=error', ['debug', 'error']],
      ['level=debug&level=error,info&level=debug', ['debug', 'info', 'error']],
      ['level=warn&level=warn', ['warn', 'error']],
    ] as const) {
      expect([query, await messagesOf(levels, query)]).toEqual([query, messages])
    }
    const wrong = await server.fetch(`/admin/nodes/${levels}/logs?level=debug&level=loud`)
    await expectRefusal(wrong, 400, "invalid 'level' value")
    const response = await server.fetch(`/admin/nodes/${id}/logs/stream?follow=1&follow=true`)
    await expectRefusal(response, 400, /^'follow' is given more than once/)
  })

  it.each([
    'limit=0',
    'limit=1001',
    'limit=x',
    'limit=',
    'phase=nowhere',
    'phase=',
    'cursor=nonsense',
  ])('of the list of nodes that is wrong is refused: %s', async (query) => {
    const [name] = query.split('=')
    await expectRefusal(await server.fetch(`/admin/nodes?${query}`), 400, `invalid '${name}' value`)
  })
})

describe('a wrong method', () => {
  it.each([
    ['/admin/nodes', ['GET', 'POST']],
    ['/admin/nodes/launch', ['POST']],
    ['/admin/nodes/x', ['DELETE', 'GET']],
    ['/admin/nodes/x/logs', ['GET', 'HEAD', 'POST']],
    ['/admin/nodes/x/logs/stream', ['GET', 'HEAD']],
    ['/admin/nodes/x/logs/export', ['GET', 'HEAD']],
    ['/admin/logs/export', ['GET', 'HEAD']],
    ['/admin/nodes/x/terminate', ['POST']],
    ['/healthz', ['GET', 'HEAD']],
    ['/readyz', ['GET', 'HEAD']],
    ['/metrics', ['GET', 'HEAD']],
    ['/openapi.json', ['GET', 'HEAD']],
    ['/docs', ['GET', 'HEAD']],
    ['/', ['GET', 'HEAD']],
  ])('is refused with what is allowed on %s', async (path, allowed) => {
    for (const method of ['PUT', 'PATCH', 'OPTIONS']) {
      const response = await server.fetch(path, { method })
      const methods = response.headers.get('allow')?.split(', ').sort()
      expect([method, methods]).toEqual([method, expect.arrayContaining(allowed)])
      expect(methods).not.toContain(method)
      await expectRefusal(response, 405, `${method} is not allowed here`)
    }
  })
})
