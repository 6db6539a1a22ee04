import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { buffer as bytesOf, text as textOf } from 'node:stream/consumers'
import { createBrotliDecompress, createGunzip, gunzipSync } from 'node:zlib'
import { createClient, type LogEntry } from '@launchtail/client'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { TEXTS } from './support/corpus.js'
import { newNode } from './support/nodes.js'
import {
  endAll,
  type RunningServer,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'
import { rawConnection, rawRequest } from './support/raw-http.js'

/** For what takes a few seconds where nothing else runs. */
const SLOW = { timeout: 120_000 }

let server: RunningServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

interface File {
  readonly text: string
  readonly headers: IncomingMessage['headers']
  readonly trailers: NodeJS.Dict<string>
}

describe('GET /admin/logs/export', () => {
  it('is the entries of all nodes, oldest first, as NDJSON with a count and a digest', async () => {
    const [a, b] = [await newNode(server), await newNode(server)]
    await send(a, [{ message: 'kiwi 1', progress: 0 }, { message: 'other' }])
    await send(b, [{ message: 'kiwi 2', details: 'more' }])
    await send(a, [{ message: 'kiwi 3' }])
    const { text, headers, trailers } = await exported({ q: 'kiwi' })
    expect(headers['content-type']).toBe('application/x-ndjson; charset=utf-8')
    const day = new Date().toISOString().slice(0, 10)
    expect(headers['content-disposition']).toBe(`attachment; filename="launchtail-${day}.ndjson"`)
    expect(headers['log-cursor']).toMatch(/^[0-9a-f]{8}-\d+$/)
    expect(linesOf(text).map(({ node_id, message }) => [node_id, message])).toEqual([
      [a, 'kiwi 1'],
      [b, 'kiwi 2'],
      [a, 'kiwi 3'],
    ])
    expect(text.startsWith(`{"node_id":"${a}","timestamp":`)).toBe(true)
    expect(trailers).toEqual({ 'log-count': '3', 'log-digest': digestOf(text) })
  })

  it('has each entry as the history has it, as NDJSON and as JSON', async () => {
    const id = await newNode(server)
    const sent = TEXTS.map((message, n) => ({
      message,
      ...(n % 2 && { details: TEXTS[(n * 7) % TEXTS.length] as string }),
      ...(n % 3 === 0 && { progress: n }),
    }))
    await send(id, sent)
    const { logs } = (await (await server.fetch(`/admin/nodes/${id}/logs?tail=all`)).json()) as {
      logs: LogEntry[]
    }
    const expected = logs.map((log) => ({ node_id: id, ...log }))
    expect(expected).toHaveLength(TEXTS.length)
    expect(linesOf((await exported({ node: id })).text)).toEqual(expected)
    const whole = { logs: expected, count: expected.length, complete: true }
    const { text } = await exported({ node: id, format: 'json' })
    expect(JSON.parse(text)).toEqual(whole)
    expect(Object.keys(JSON.parse(text))).toEqual(Object.keys(whole))
    const one = await exported({}, `/admin/nodes/${id}/logs/export`)
    expect(JSON.parse(one.text)).toEqual({ node_id: id, logs, count: logs.length, complete: true })
    expect(one.trailers).toEqual({
      'log-count': String(logs.length),
      'log-digest': digestOf(one.text),
    })
  })

  it('is whole as CSV in Python’s reader, and its formulas are texts', async () => {
    const id = await newNode(server)
    const sent = [...TEXTS, '=1+1', '@SUM(A1)', 'a\nb\r\nc\rd', '"', ',', ' '].map((message) => ({
      message,
      details: message,
    }))
    await send(id, sent)
    const { logs } = (await (await server.fetch(`/admin/nodes/${id}/logs?tail=all`)).json()) as {
      logs: LogEntry[]
    }
    const raw = await rowsOf((await exported({ node: id, format: 'csv', raw: 'true' })).text)
    expect(raw).toEqual([
      ['timestamp', 'node_id', 'level', 'phase', 'progress', 'message', 'details'],
      ...logs.map(({ timestamp, level, phase, message, details = '' }) => [
        ...[timestamp, id, level, phase, ''],
        ...[message, details],
      ]),
    ])
    const { text } = await exported({ node: id, format: 'csv', bom: 'true', trailer: 'true' })
    expect(text.startsWith('\ufefftimestamp,')).toBe(true)
    const rows = await rowsOf(text)
    expect(rows.length).toBe(sent.length + 2)
    for (const [message = '', details] of rows.slice(1, -1).map((row) => row.slice(5))) {
      expect(message).toBe(details)
      expect(message).not.toMatch(/^\s*[=+@]/)
    }
    const end = text.lastIndexOf('count,')
    expect(text.slice(end)).toBe(`count,${sent.length},,,,,${digestOf(text.slice(0, end))}\r\n`)
  })

  it('tells its count in text, and elsewhere where it is asked to', async () => {
    const id = await newNode(server)
    await send(id, [{ message: 'loquat', timestamp: '2026-01-15T10:30:00Z' }])
    const text = await exported({ node: id, format: 'text' })
    expect(text.text).toBe(`${id} 2026-01-15T10:30:00Z INFO  [queued] loquat\n-- 1 entries\n`)
    const lines = (await exported({ node: id, trailer: 'true' })).text.split(/(?<=\n)/)
    expect(lines).toHaveLength(2)
    expect(JSON.parse(lines[1] as string)).toEqual({
      count: 1,
      complete: true,
      digest: digestOf(lines[0] as string),
    })
    const none = await exported({ q: 'nothing loquat', format: 'json' })
    expect(JSON.parse(none.text)).toEqual({ logs: [], count: 0, complete: true })
    expect(await exported({ q: 'nothing loquat' })).toMatchObject({
      text: '',
      trailers: { 'log-count': '0', 'log-digest': digestOf('') },
    })
  })

  it('is narrowed by node, level, phase and time, goes on from a cursor, and runs backwards', async () => {
    const id = await newNode(server)
    const sent = Array.from({ length: 6 }, (_, n) => ({
      message: `medlar ${n}`,
      level: n % 2 ? 'warn' : 'info',
      timestamp: `2026-02-0${n + 1}T10:00:00Z`,
      phase: n < 3 ? 'queued' : 'installing',
    }))
    await send(id, sent)
    const numbers = async (query: Record<string, string>) =>
      linesOf((await exported({ node: id, ...query })).text).map(({ message }) =>
        Number(message.split(' ')[1]),
      )
    expect(await numbers({})).toEqual([0, 1, 2, 3, 4, 5])
    expect(await numbers({ order: 'desc' })).toEqual([5, 4, 3, 2, 1, 0])
    expect(await numbers({ level: 'warn' })).toEqual([1, 3, 5])
    expect(await numbers({ phase: 'installing', level: 'info,debug' })).toEqual([4])
    const [since = '', until = ''] = [sent[1]?.timestamp, sent[3]?.timestamp]
    expect(await numbers({ since, until })).toEqual([2, 3])
    expect(await numbers({ q: 'timestamp:>=-1h', now: '2026-02-06T10:30:00Z' })).toEqual([5])
    const { headers } = await exported({ node: id })
    const cursor = headers['log-cursor'] as string
    expect(await numbers({ cursor })).toEqual([])
    await send(id, [{ message: 'medlar 6' }])
    expect(await numbers({ cursor })).toEqual([6])
  })

  it('of one node runs backwards, too, through a log of any length', async () => {
    const id = await newNode(server)
    await fill(server, id, 3000)
    const path = `/admin/nodes/${id}/logs/export`
    const query = { format: 'ndjson', tail: '2500' }
    const forth = linesOf((await exported(query, path)).text)
    const back = linesOf((await exported({ ...query, order: 'desc' }, path)).text)
    expect(forth).toHaveLength(2500)
    expect(back).toEqual(forth.reverse())
    const few = linesOf((await exported({ ...query, tail: '2', order: 'desc' }, path)).text)
    expect(few).toEqual(back.slice(0, 2))
  })

  it('refuses what it cannot do before it begins', async () => {
    for (const [query, message] of [
      ['format=xml', "invalid 'format' value"],
      ['order=up', "invalid 'order' value"],
      ['now=soon', "invalid 'now' value"],
      ['bom=x', "invalid 'bom' value"],
      ['cursor=5', "invalid 'cursor' value"],
      ['q=level:warning', "column 7: 'warning' is not a level; did you mean 'warn'?"],
    ] as const) {
      const response = await server.fetch(`/admin/logs/export?${query}`)
      expect([query, response.status, await response.json()]).toEqual([
        query,
        400,
        { error: { message } },
      ])
    }
    expect((await server.fetch('/admin/logs/export?cursor=01234567-5')).status).toBe(410)
    const post = await server.fetch('/admin/logs/export', { method: 'POST' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect((await fetch(`${server.url}/admin/logs/export`)).status).toBe(401)
  })

  it('has its headers alone by HEAD, and so has that of a node', async () => {
    const id = await newNode(server)
    for (const path of ['/admin/logs/export', `/admin/nodes/${id}/logs/export`]) {
      const head = await server.fetch(`${path}?format=csv`, { method: 'HEAD' })
      expect([path, head.status, await head.text()]).toEqual([path, 200, ''])
      expect(head.headers.get('content-type')).toContain('text/csv')
      expect(head.headers.get('log-cursor')).toBeTruthy()
    }
  })

  it('is compressed as it is accepted, and plain for who accepts nothing that is known', async () => {
    const id = await newNode(server)
    await send(
      id,
      Array.from({ length: 500 }, (_, n) => ({ message: `pomelo ${n}` })),
    )
    const { text, trailers } = await exported({ node: id })
    for (const [accepted, coding] of [
      ['br', 'br'],
      ['gzip', 'gzip'],
      ['gzip, br', 'br'],
      ['x-made-up', undefined],
      ['identity', undefined],
      ['', undefined],
    ] as const) {
      const file = await exported({ node: id }, EXPORT, { 'Accept-Encoding': accepted })
      expect([accepted, file.headers['content-encoding']]).toEqual([accepted, coding])
      expect(file.text === text).toBe(true)
      expect(file.trailers).toEqual(trailers)
    }
    // HTTP/1.0 has no trailers.
    const old = rawConnection(
      server.url,
      rawRequest(`GET ${EXPORT}?node=${id} HTTP/1.0`, { 'X-Admin-Token': server.token }),
    )
    await old.closed()
    expect(old.text().split('\r\n\r\n')[1]).toBe(text)
  })

  it(
    'is resumed where it was cut, as long as what was sent is the beginning of it',
    SLOW,
    async () => {
      const id = await newNode(server)
      const sent = Array.from({ length: 2000 }, (_, n) => ({ message: `rambai ${n} ünï` }))
      await send(id, sent)
      for (const path of [EXPORT, `/admin/nodes/${id}/logs/export`]) {
        for (const format of ['ndjson', 'json', 'csv', 'text']) {
          const query = { ...(path === EXPORT && { node: id }), format }
          const { text, trailers } = await exported(query, path)
          const bytes = Buffer.from(text)
          for (const offset of [0, 1, 100, 70_000, bytes.length - 1, bytes.length]) {
            const rest = await exported(query, path, resumed(bytes, offset))
            expect(Buffer.from(rest.text, 'latin1').equals(bytes.subarray(offset))).toBe(true)
            expect(rest.headers['log-offset']).toBe(String(offset))
            expect(rest.trailers).toEqual(trailers)
          }
          const other = { ...resumed(bytes, 500), 'Log-Digest': digestOf('other') }
          const beyond = { ...resumed(bytes, 500), 'Log-Offset': '10000000' }
          for (const headers of [other, beyond]) {
            const refused = await server.fetch(`${path}?${new URLSearchParams(query)}`, { headers })
            expect([format, refused.status]).toEqual([format, 412])
          }
        }
      }
      const wrong = await server.fetch(EXPORT, { headers: { 'Log-Offset': '5' } })
      expect(await wrong.json()).toEqual({ error: { message: "invalid 'Log-Digest' header" } })
      const bad = { 'Log-Offset': '-5', 'Log-Digest': digestOf('') }
      expect((await server.fetch(EXPORT, { headers: bad })).status).toBe(400)
    },
  )

  it('serves as many at once as it may, all the same, and refuses one more', SLOW, async () => {
    const many = await startServer({ env: { LAUNCHTAIL_MAX_EXPORTS: '10' } })
    const id = await newNode(many)
    await fill(many, id, 20_000)
    const files = await Promise.all(
      Array.from({ length: 10 }, () => exported({}, EXPORT, {}, many)),
    )
    const [first] = files
    expect(first?.trailers['log-count']).toBe('20000')
    expect(new Set(files.map(({ trailers }) => trailers['log-digest'])).size).toBe(1)
    await serves(many, 10)
    await many.stop()
    await serves(await startServer({ dataDir: many.dataDir }), 4)

    async function serves(of: RunningServer, most: number) {
      const slow = await Promise.all(Array.from({ length: most }, () => begin(of)))
      const refused = await of.fetch(EXPORT)
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5'])
      for (const answer of slow) answer.destroy()
      await untilFree(of)
    }
  })

  it('is a compressed file where that is asked for', async () => {
    const id = await newNode(server)
    await send(
      id,
      Array.from({ length: 500 }, (_, n) => ({ message: `jabuticaba ${n}` })),
    )
    for (const path of [EXPORT, `/admin/nodes/${id}/logs/export`]) {
      const query = { ...(path === EXPORT && { node: id }), format: 'csv' }
      const plain = await exported(query, path)
      const packed = { ...query, gzip: 'true' }
      const answer = await ask(server, `${path}?${new URLSearchParams(packed)}`, {
        'Accept-Encoding': 'gzip, br',
      })
      const { headers } = answer
      expect(headers['content-encoding']).toBeUndefined()
      expect(headers['content-type']).toBe('application/gzip')
      expect(headers['content-disposition']).toMatch(/\.csv\.gz"$/)
      const file = await bytesOf(answer)
      expect(file.length).toBeLessThan(plain.text.length / 2)
      expect(gunzipSync(file).toString()).toBe(plain.text)
      expect(answer.trailers).toEqual(plain.trailers)
      // What has arrived of it is no beginning that could be compared.
      const again = await server.fetch(`${path}?${new URLSearchParams(packed)}`, {
        headers: resumed(file, 10),
      })
      const message = "'Log-Offset' and 'gzip' exclude each other"
      expect([again.status, await again.json()]).toEqual([400, { error: { message } }])
    }
  })

  it('ends without a word when its reader leaves, at any moment', SLOW, async () => {
    const own = await startServer()
    await fill(own, await newNode(own), 20_000)
    const { text } = await exported({}, EXPORT, {}, own)
    const bytes = Buffer.from(text)
    const rare = `${EXPORT}?${new URLSearchParams({ q: '/zebra.*fish/' })}`
    for (const [path, headers] of [
      [EXPORT, {}],
      [rare, {}],
      [EXPORT, resumed(bytes, bytes.length - 1)],
    ] as const) {
      for (let delay = 0; delay < 60; delay += 4) {
        const leaving = AbortSignal.timeout(delay)
        const answer = await own.fetch(path, { headers, signal: leaving }).catch(() => undefined)
        await answer?.text().catch(() => '')
      }
    }
    await untilFree(own)
    expect((await exported({}, EXPORT, {}, own)).text === text).toBe(true)
    expect(own.output()).not.toMatch(/"level":[45]0/)
  })

  it('does not go on with a node that is deleted, and ends with the rest', SLOW, async () => {
    const own = await startServer()
    const [a, b] = [await newNode(own), await newNode(own)]
    await fill(own, a, 200)
    await fill(own, b, 60_000)
    await own.post(`/admin/nodes/${b}/status`, { status: 'failed' })
    const answer = await begin(own)
    expect((await own.fetch(`/admin/nodes/${b}`, { method: 'DELETE' })).status).toBe(204)
    answer.resume()
    const text = await textOf(answer)
    const lines = linesOf(text)
    expect(lines.length).toBeLessThan(60_000)
    expect(answer.trailers).toEqual({
      'log-count': String(lines.length),
      'log-digest': digestOf(text),
    })
  })
})

describe('an export that is cut', () => {
  it('is noticed by curl and by the SDK', SLOW, async () => {
    const own = await startServer()
    await fill(own, await newNode(own), 60_000)
    const out = join(await temporaryFolder(), 'out')
    const curl = spawn('curl', [
      ...['-sS', '--limit-rate', '200k', '-o', out],
      ...['-H', `X-Admin-Token: ${own.token}`, own.url + EXPORT],
    ])
    const closed = once(curl, 'close')
    await until('curl to have some of it', () => existsSync(out))
    const { url: baseUrl, token } = own
    const response = await createClient({ baseUrl, token }).exportLogs()
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await own.kill()
    const rest = async () => {
      while (!(await reader.read()).done);
    }
    await expect(rest()).rejects.toThrow()
    const [code] = (await closed) as [number]
    // It knows that the end of the chunks is missing, or that the connection was reset.
    expect([18, 56]).toContain(code)
  })
})

const EXPORT = '/admin/logs/export'

/** An export as it arrives: `fetch` does not tell trailers. */
async function exported(
  query: Record<string, string>,
  path = EXPORT,
  headers: Record<string, string> = {},
  of = server,
): Promise<File> {
  const answer = await ask(of, `${path}?${new URLSearchParams(query)}`, headers)
  expect([query, answer.statusCode]).toEqual([query, 200])
  const coding = answer.headers['content-encoding']
  const unpack = coding === 'br' ? createBrotliDecompress() : createGunzip()
  const decoded = coding ? answer.pipe(unpack) : answer
  // A resumed one may begin within a character.
  if (headers['Log-Offset']) decoded.setEncoding('latin1')
  const text = headers['Log-Offset'] ? await latin1(decoded) : (await bytesOf(decoded)).toString()
  return { text, headers: answer.headers, trailers: answer.trailers }
}

/** A server notices some time later that a reader has left. */
async function untilFree(of: RunningServer): Promise<void> {
  await until('an export to be taken', async () => {
    const answer = await of.fetch(EXPORT, { method: 'HEAD' })
    return answer.status === 200
  })
}

async function latin1(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  for await (const part of stream) all += part
  return all
}

/** One of which the first bytes have arrived, and no more are taken. */
async function begin(of: RunningServer): Promise<IncomingMessage> {
  const answer = await ask(of, EXPORT, {})
  answer.pause()
  answer.on('error', () => {})
  onTestFinished(() => void answer.destroy())
  return answer
}

async function ask(of: RunningServer, path: string, headers: Record<string, string>) {
  const request = get(of.url + path, {
    headers: { 'X-Admin-Token': of.token, ...headers },
    agent: false,
  })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  return answer
}

function resumed(bytes: Buffer, offset: number) {
  return { 'Log-Offset': String(offset), 'Log-Digest': digestOf(bytes.subarray(0, offset)) }
}

function digestOf(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex')
}

function linesOf(text: string): (LogEntry & { node_id: string })[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

async function send(id: string, entries: readonly object[]): Promise<void> {
  expect((await server.post(`/admin/nodes/${id}/logs`, entries)).status).toBe(202)
}

async function fill(of: RunningServer, id: string, count: number): Promise<void> {
  for (let at = 0; at < count; at += 10_000) {
    const some = Math.min(10_000, count - at)
    const entries = Array.from({ length: some }, (_, n) => ({ message: `fig ${at + n} ripens` }))
    expect((await of.post(`/admin/nodes/${id}/logs`, entries)).status).toBe(202)
  }
}

/** The cells as Python's csv module reads them. */
async function rowsOf(csv: string): Promise<string[][]> {
  const program = [
    'import csv, io, json, sys',
    'text = sys.stdin.buffer.read().decode("utf-8-sig")',
    'print(json.dumps(list(csv.reader(io.StringIO(text, newline="")))))',
  ].join('\n')
  const python = spawn('python3', ['-c', program])
  python.stdin.end(csv)
  return JSON.parse(await textOf(python.stdout))
}
