import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { endAll, type RunningServer, startServer, TOKEN, until } from './support/processes.js'
import { type RawAnswer, rawConnection, rawRequest } from './support/raw-http.js'

const HOST = 'Host: 127.0.0.1\r\n'
const AUTHORIZED = { 'X-Admin-Token': TOKEN }
const ENTRY = '{"message":"smuggled"}'

let server: RunningServer
let made = 0

beforeAll(async () => {
  server = await startServer()
})

afterAll(endAll)

/** A fresh node; its id. */
async function node(): Promise<string> {
  made += 1
  const id = `parser-${made}`
  const response = await server.post('/admin/nodes', { node_id: id })
  expect(response.status).toBe(201)
  return id
}

async function messagesOf(id: string): Promise<string[]> {
  const response = await server.fetch(`/admin/nodes/${id}/logs?tail=all`)
  const { logs } = (await response.json()) as { logs: { message: string }[] }
  return logs.map(({ message }) => message)
}

async function send(id: string, ...messages: string[]): Promise<void> {
  const entries = messages.map((message) => ({ message }))
  const response = await server.post(`/admin/nodes/${id}/logs`, entries)
  expect(response.status).toBe(202)
}

function expectRefusal(answer: RawAnswer | undefined, status: number): void {
  expect([answer?.status, answer?.body]).toEqual([status, expect.any(String)])
  expect(answer?.json()).toEqual({ error: { message: expect.stringMatching(/^.{5,}$/) } })
  expect(answer?.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
}

describe('a request whose end is in doubt', () => {
  const post = (id: string, lines: string, body: string) =>
    `POST /admin/nodes/${id}/logs HTTP/1.1\r\n${HOST}X-Admin-Token: ${TOKEN}\r\n` +
    `Content-Type: application/json\r\n${lines}\r\n${body}`
  const chunked = `${ENTRY.length.toString(16)}\r\n${ENTRY}\r\n0\r\n\r\n`
  const length = `Content-Length: ${ENTRY.length}\r\n`
  const coding = 'Transfer-Encoding: chunked\r\n'

  it.each([
    ['a length and chunks', length + coding, chunked],
    ['chunks and a length', coding + length, chunked],
    ['two lengths', `${length}Content-Length: 3\r\n`, ENTRY],
    ['two equal lengths', length + length, ENTRY],
    ['a list of lengths', `Content-Length: ${ENTRY.length}, 3\r\n`, ENTRY],
    ['a length with a sign', `Content-Length: +${ENTRY.length}\r\n`, ENTRY],
    ['a length below zero', 'Content-Length: -1\r\n', ENTRY],
    ['a length in hexadecimal', 'Content-Length: 0x16\r\n', ENTRY],
    ['a length beyond all numbers', `Content-Length: ${'9'.repeat(30)}\r\n`, ENTRY],
    ['a coding that is none', 'Transfer-Encoding: xchunked\r\n', chunked],
    ['chunks that are packed', 'Transfer-Encoding: gzip, chunked\r\n', chunked],
    ['a coding after chunked', 'Transfer-Encoding: chunked, identity\r\n', chunked],
    ['chunks twice', 'Transfer-Encoding: chunked, chunked\r\n', chunked],
    ['chunks over two header lines', coding + coding, chunked],
    ['a blank before the colon', `Content-Length : ${ENTRY.length}\r\n`, ENTRY],
    ['a folded header', `X-Folded: a\r\n b\r\n${length}`, ENTRY],
    ['a folded length', `Content-Length:\r\n ${ENTRY.length}\r\n`, ENTRY],
    ['a header without a name', `: x\r\n${length}`, ENTRY],
    ['a header with a NUL', `X-Nul: a\0b\r\n${length}`, ENTRY],
    ['a header with a bare CR', `X-Cr: a\rb\r\n${length}`, ENTRY],
    ['a chunk of no size', coding, `\r\n${ENTRY}\r\n0\r\n\r\n`],
    ['a chunk of another size', coding, `3\r\n${ENTRY}\r\n0\r\n\r\n`],
    ['a chunk size with 0x', coding, `0x16\r\n${ENTRY}\r\n0\r\n\r\n`],
    ['a chunk size below zero', coding, `-1\r\n${ENTRY}\r\n0\r\n\r\n`],
  ])('is refused, closed, and nothing of it is stored: %s', async (_what, lines, body) => {
    const id = await node()
    const second = rawRequest(
      `POST /admin/nodes/${id}/logs`,
      {
        ...AUTHORIZED,
        'Content-Type': 'application/json',
      },
      ENTRY,
    )
    const connection = rawConnection(server.url, post(id, lines, body) + second)
    await connection.closed()
    expect(connection.answers()).toHaveLength(1)
    expectRefusal(connection.answers()[0], 400)
    expect(await messagesOf(id)).toEqual([])
  })

  it('with 9,000 chunk extensions is refused and closed', async () => {
    const id = await node()
    const extensions = ';a=b'.repeat(9000)
    const body = `${ENTRY.length.toString(16)}${extensions}\r\n${ENTRY}\r\n0\r\n\r\n`
    const connection = rawConnection(server.url, post(id, coding, body))
    await connection.closed()
    expect(connection.answers()).toHaveLength(1)
    expectRefusal(connection.answers()[0], 413)
    expect(await messagesOf(id)).toEqual([])
  })

  it('with bare line feeds is refused and closed', async () => {
    const text = rawRequest('GET /healthz').replaceAll('\r\n', '\n')
    const connection = rawConnection(server.url, text)
    await connection.closed()
    expectRefusal(connection.answers()[0], 400)
  })
})

describe('a request line', () => {
  it.each([
    ['in absolute form', 'GET http://127.0.0.1/admin/nodes HTTP/1.1'],
    ['in absolute form of another host', 'GET http://evil.example/healthz HTTP/1.1'],
    ['without a slash', 'GET healthz HTTP/1.1'],
    ['without a target', 'GET  HTTP/1.1'],
    ['of HTTP/2', 'PRI * HTTP/2.0'],
    ['of another version', 'GET /healthz HTTP/9.9'],
    ['of another protocol', 'GET /healthz FTP/1.1'],
    ['of a method that is none', 'FROB /healthz HTTP/1.1'],
    ['in lower case', 'get /healthz HTTP/1.1'],
    ['that is binary', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ])('%s is refused in the one shape and closed', async (_what, line) => {
    const head = `${line}\r\n${HOST}X-Admin-Token: ${TOKEN}\r\n\r\n`
    const connection = rawConnection(server.url, Buffer.from(head, 'latin1'))
    await connection.closed()
    expect(connection.answers()).toHaveLength(1)
    expectRefusal(connection.answers()[0], 400)
  })

  it('with a percent that encodes nothing is refused in the one shape', async () => {
    for (const path of ['/%zz', '/admin/nodes/%zz', '/admin/nodes/%e0%a4%a/logs']) {
      const answer = await rawConnection(server.url, rawRequest(`GET ${path}`, AUTHORIZED)).answer()
      expectRefusal(answer, 400)
    }
  })

  it('that expects what we do not know is refused in the one shape', async () => {
    const text = rawRequest('POST /admin/nodes', { ...AUTHORIZED, Expect: 'miracles' }, '{}')
    const connection = rawConnection(server.url, text)
    await connection.closed()
    expectRefusal(connection.answers()[0], 417)
  })
})

describe('too much of a head', () => {
  it('is refused with 431 where the headers have more than 16 KiB', async () => {
    for (const headers of [
      { 'X-Long': 'x'.repeat(17 * 1024) },
      Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`X-${i}`, 'x'.repeat(200)])),
    ]) {
      const connection = rawConnection(server.url, rawRequest('GET /healthz', headers))
      await connection.closed()
      expectRefusal(connection.answers()[0], 431)
    }
  })

  it('is refused with 431 where there are 200 headers', async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`X-${i}`, 'x']))
    const connection = rawConnection(server.url, rawRequest('GET /healthz', many))
    await connection.closed()
    expectRefusal(connection.answers()[0], 431)
  })

  it('is refused with 414 where the address has more than 8 KiB', async () => {
    const long = 'x'.repeat(9 * 1024)
    const query = `/admin/nodes/x/logs?${long}`
    for (const path of [`/${long}`, `/healthz?${long}`, `/admin/${long}`, query]) {
      const connection = rawConnection(server.url, rawRequest(`GET ${path}`, AUTHORIZED))
      await connection.closed()
      expectRefusal(connection.answers()[0], 414)
    }
  })

  it('is fine up to these bounds', async () => {
    const headers = Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`X-${i}`, 'x']))
    const path = `/healthz?${'x'.repeat(7 * 1024)}`
    const answer = await rawConnection(server.url, rawRequest(`GET ${path}`, headers)).answer()
    expect(answer.status).toBe(200)
  })
})

describe('a Host', () => {
  it.each([
    ['given twice', 'Host: 127.0.0.1\r\nHost: evil.example'],
    ['given twice, the other first', 'Host: evil.example\r\nHost: 127.0.0.1'],
    ['given twice alike', 'Host: 127.0.0.1\r\nhost: 127.0.0.1'],
    ['given twice, once empty', 'Host:\r\nHost: 127.0.0.1'],
    ['that is empty', 'Host:'],
    ['that is blank', 'Host: \t '],
    ['of no name, only a port', 'Host: :8080'],
    ['with a user', 'Host: user@127.0.0.1'],
    ['with a user and a password', 'Host: localhost:x@127.0.0.1'],
    ['that is a list', 'Host: 127.0.0.1, 127.0.0.1'],
    ['that is an address with a path', 'Host: 127.0.0.1/admin'],
    ['with a blank', 'Host: 127.0.0.1 evil.example'],
    ['with a tab', 'Host: 127.0.0.1\t:80'],
    ['with a control character', 'Host: 127.0.0.1\x01'],
    ['with a NUL', 'Host: 127.0.0.1\0'],
    ['with a delete character', 'Host: localhost\x7f'],
    ['outside of ASCII', 'Host: löcalhost'],
    ['with a port that is none', 'Host: 127.0.0.1:http'],
    ['with two ports', 'Host: 127.0.0.1:80:80'],
  ])('%s is refused before anything else and closed', async (_what, lines) => {
    for (const target of ['/healthz', '/admin/nodes', '/admin/%zz', '/%zz']) {
      const second = rawRequest('GET /healthz')
      const head = `GET ${target} HTTP/1.1\r\n${lines}\r\n\r\n${second}`
      const connection = rawConnection(server.url, Buffer.from(head, 'latin1'))
      await connection.closed()
      expect(connection.answers()).toHaveLength(1)
      expectRefusal(connection.answers()[0], 400)
    }
  })

  it('may end with a colon, as an empty port', async () => {
    const answer = await rawConnection(
      server.url,
      rawRequest('GET /healthz', { Host: '127.0.0.1:' }),
    ).answer()
    expect(answer.status).toBe(200)
  })
})

describe('a header that is given twice', () => {
  const UUID = '0b2f4f3e-7e0a-4c55-9d3a-0d9f3c1b6a10'
  const source = `Log-Source: ${UUID}\r\n`
  const text = 'Content-Type: text/plain\r\n'
  const json = 'Content-Type: application/json\r\n'
  const token = `X-Admin-Token: ${TOKEN}\r\n`
  const key = 'Idempotency-Key: k\r\n'

  it.each([
    ['Content-Type', token + json + text],
    ['Content-Type', token + json + json],
    ['Idempotency-Key', `${token}${json}${key}Idempotency-Key: l\r\n`],
    ['Idempotency-Key', token + json + key + key],
    ['Idempotency-Key', token + text + key + key],
    ['Log-Source', token + text + source + source],
    ['Log-Offset', `${token}${text}${source}Log-Offset: 0\r\nLog-Offset: 0\r\n`],
  ])('is refused, and nothing is stored: %s', async (name, lines) => {
    const id = await node()
    const length = `Content-Length: ${ENTRY.length}\r\n`
    const head = `POST /admin/nodes/${id}/logs HTTP/1.1\r\n${HOST}${lines}${length}\r\n`
    const answer = await rawConnection(server.url, head + ENTRY).answer()
    expectRefusal(answer, 400)
    expect(answer.json()).toEqual({ error: { message: `'${name}' is given more than once` } })
    expect(await messagesOf(id)).toEqual([])
  })

  it('is refused on a stream before it begins: Last-Event-ID', async () => {
    const id = await node()
    await send(id, 'one', 'two')
    for (const second of ['-1:0:log', '1:00000000:log']) {
      const lines = `${token}Last-Event-ID: -1:0:log\r\nLast-Event-ID: ${second}\r\n`
      const head = `GET /admin/nodes/${id}/logs/stream HTTP/1.1\r\n${HOST}${lines}\r\n`
      const answer = await rawConnection(server.url, head).answer()
      expectRefusal(answer, 400)
      expect(answer.json()).toEqual({
        error: { message: "'Last-Event-ID' is given more than once" },
      })
    }
  })

  it('is refused without the token only for want of the token', async () => {
    const lines = json + json + key + key
    const head = `POST /admin/nodes/x/logs HTTP/1.1\r\n${HOST}${lines}Content-Length: 2\r\n\r\n{}`
    expectRefusal(await rawConnection(server.url, head).answer(), 401)
  })
})

describe('an unusual method', () => {
  it('is not allowed on a known path, which says what is', async () => {
    for (const [method, path, allowed] of [
      ['TRACE', '/healthz', ['GET', 'HEAD']],
      ['TRACE', '/admin/nodes', ['GET', 'POST']],
      ['PROPFIND', '/admin/nodes/x/logs', ['GET', 'HEAD', 'POST']],
      ['M-SEARCH', '/admin/nodes/x', ['DELETE', 'GET']],
    ] as const) {
      const answer = await rawConnection(
        server.url,
        rawRequest(`${method} ${path}`, AUTHORIZED),
      ).answer()
      expectRefusal(answer, 405)
      expect(answer.headers.allow?.split(', ').sort()).toEqual(allowed)
      // What TRACE would give back are the request's own headers.
      expect(answer.body).not.toContain(TOKEN)
    }
  })

  it('opens no tunnel: CONNECT is refused and closed', async () => {
    for (const target of ['127.0.0.1:22', 'evil.example:443', '/admin/nodes']) {
      const connection = rawConnection(server.url, rawRequest(`CONNECT ${target}`, AUTHORIZED))
      await connection.closed()
      expectRefusal(connection.answers()[0], 405)
      expect(connection.answers()[0]?.headers.allow).toBe('GET, HEAD, POST, DELETE')
    }
  })

  it('makes no other protocol of the connection', async () => {
    const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'x' }
    const answer = await rawConnection(server.url, rawRequest('GET /healthz', upgrade)).answer()
    expect(answer.status).toBe(200)
  })
})

describe('a slow peer', () => {
  it('is given 15 s for a head and 30 s for a body, but raw output may take its time', async () => {
    const [json, open] = [await node(), await node()]
    const began = performance.now()
    const silent = rawConnection(server.url)
    const slowHead = rawConnection(server.url, `GET /healthz HTTP/1.1\r\n${HOST}X-Slow: `)
    drip(slowHead)
    const kept = rawConnection(server.url, rawRequest('GET /healthz'))
    expect((await kept.answer()).status).toBe(200)
    kept.send(`GET /healthz HTTP/1.1\r\n${HOST}X-Slow: `)
    drip(kept)
    const slowBody = rawConnection(server.url, unfinished(json, 'application/json', 1000))
    drip(slowBody)
    const output = rawConnection(server.url, unfinished(open, 'text/plain', 1000))
    output.send('before\n')

    const [, , , ...times] = await Promise.all([
      refusedLate(silent, 0),
      refusedLate(slowHead, 0),
      refusedLate(kept, 1),
      slowBody.closed(50_000),
    ])
    expect(times).toHaveLength(1)
    expectRefusal(slowBody.answers()[0], 408)
    expect(performance.now() - began).toBeGreaterThan(28_000)
    expect(await messagesOf(json)).toEqual([])

    expect(output.isClosed()).toBe(false)
    output.send('after\n')
    await until('the line that came after half a minute', async () =>
      (await messagesOf(open)).includes('after'),
    )
    expect(await messagesOf(open)).toEqual(['before', 'after'])

    async function refusedLate(connection: typeof silent, n: number): Promise<void> {
      await connection.closed(50_000)
      expect(connection.answers()).toHaveLength(n + 1)
      expectRefusal(connection.answers()[n], 408)
      expect(performance.now() - began).toBeGreaterThan(13_000)
    }
  }, 60_000)

  function drip(connection: ReturnType<typeof rawConnection>): void {
    const timer = setInterval(() => connection.send(' '), 500)
    onTestFinished(() => clearInterval(timer))
  }

  function unfinished(id: string, type: string, length: number): string {
    const headers = { ...AUTHORIZED, 'Content-Type': type, 'Content-Length': String(length) }
    return rawRequest(`POST /admin/nodes/${id}/logs`, headers)
  }
})

describe('requests that are sent before the answer of the one before', () => {
  const history = (id: string) => rawRequest(`GET /admin/nodes/${id}/logs?tail=all`, AUTHORIZED)
  const stream = (id: string, query = '') =>
    rawRequest(`GET /admin/nodes/${id}/logs/stream?tail=all${query}`, AUTHORIZED)
  const FINISH = '&follow=false'
  const FIRST = expect.objectContaining({ message: 'first' })

  it('JSON, then a stream: the JSON is whole, and the stream begins after it and is live', async () => {
    const id = await node()
    // Enough that the stream's handler is done before the JSON is.
    await send(id, ...Array.from({ length: 3000 }, (_, i) => `line ${i} ${'x'.repeat(300)}`))
    const connection = rawConnection(server.url, history(id) + stream(id))
    expect((await connection.answer(0)).json()).toMatchObject({ count: 3000 })
    await until('the history', () => connection.answers()[1]?.body.includes('line 2999 '))
    await send(id, 'a live one')
    await until('the live entry', () => connection.answers()[1]?.body.includes('a live one'))
    const [, streamed] = connection.answers()
    expect(streamed?.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(streamed?.body.match(/^event: log$/gm)).toHaveLength(3001)
  })

  it('a stream that ends, then JSON: both whole and in this order', async () => {
    const id = await node()
    await send(id, 'first', 'second')
    const connection = rawConnection(server.url, stream(id, FINISH) + history(id))
    const first = await connection.answer(0)
    expect(first.body).toMatch(/event: done\ndata: .*follow=false/)
    expect((await connection.answer(1)).json()).toMatchObject({ count: 2 })
  })

  it('a stream that goes on, then JSON: nothing is put between its events', async () => {
    const id = await node()
    await send(id, 'first')
    const connection = rawConnection(server.url, stream(id) + history(id))
    await until('the history', () => connection.text().includes('first'))
    for (let i = 0; i < 20; i += 1) await send(id, `live ${i}`)
    await server.post(`/admin/nodes/${id}/logs`, { message: 'up', phase: 'active' })
    const streamed = await connection.answer(0)
    expect(streamed.body.match(/^event: log$/gm)).toHaveLength(22)
    expect(streamed.body).toMatch(/event: done\ndata: [^\n]*\nid: [^\n]*\n\n$/)
    const after = (await connection.answer(1)).json()
    expect(after).toMatchObject({ node_id: id, logs: expect.arrayContaining([FIRST]) })
  })

  it('many of both kinds come back in the order they were asked', async () => {
    const id = await node()
    await send(id, 'one', 'two')
    const kinds = Array.from({ length: 24 }, (_, i) => i % 3 === 1)
    const requests = kinds.map((streamed) => (streamed ? stream(id, FINISH) : history(id)))
    const connection = rawConnection(server.url, requests.join(''))
    await connection.answer(kinds.length - 1)
    const answers = connection.answers()
    expect(answers).toHaveLength(kinds.length)
    for (const [i, { headers, body, complete }] of answers.entries()) {
      expect(complete).toBe(true)
      const type = kinds[i] ? 'text/event-stream; charset=utf-8' : 'application/json; charset=utf-8'
      expect([i, headers['content-type']]).toEqual([i, type])
      if (kinds[i]) expect(body.match(/^event: done$/gm)).toHaveLength(1)
      else expect(JSON.parse(body)).toMatchObject({ count: 2 })
    }
  })
})

describe('HTTP/1.0', () => {
  it.each([{}, { Connection: 'keep-alive' }])(
    'gets the stream without chunks, ended by the close',
    async (headers: Record<string, string>) => {
      const id = await node()
      await send(id, 'first')
      const line = `GET /admin/nodes/${id}/logs/stream HTTP/1.0`
      const connection = rawConnection(server.url, rawRequest(line, { ...AUTHORIZED, ...headers }))
      await until('the history', () => connection.text().includes('first'))
      await server.post(`/admin/nodes/${id}/logs`, { message: 'up', phase: 'active' })
      await connection.closed()
      const [answer] = connection.answers()
      expect(answer?.headers).not.toHaveProperty('transfer-encoding')
      expect(answer?.headers).not.toHaveProperty('content-length')
      const blocks = answer?.body.split('\n\n') ?? []
      expect(blocks[0]).toMatch(/^: cursor \S+\nretry: \d+$/)
      expect(blocks.filter((block) => block.startsWith('event: log'))).toHaveLength(2)
      expect(blocks.slice(-2)).toEqual([expect.stringMatching(/^event: done\n/), ''])
    },
  )
})
