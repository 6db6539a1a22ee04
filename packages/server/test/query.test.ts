import type { QueryExplanation } from '@launchtail/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCommand } from './support/command.js'
import { endAll, type RunningServer, startServer, until } from './support/processes.js'
import { openStream } from './support/stream.js'

let server: RunningServer
beforeAll(async () => {
  server = await startServer({ env: { LAUNCHTAIL_HEARTBEAT: '200ms' } })
})
afterAll(endAll)

const ENTRIES = [
  { message: 'Provisioning in us-west-2', phase: 'provisioning', progress: 10 },
  { message: 'Loading bloom', phase: 'model_loading', progress: 70 },
  { message: 'torch.OutOfMemoryError: CUDA', phase: 'model_loading', level: 'error' },
  { message: 'retrying', details: 'after OOM', phase: 'model_loading', level: 'warn' },
  { message: 'Loading again', phase: 'model_loading', progress: 75 },
]
const OOM = ['torch.OutOfMemoryError: CUDA', 'retrying']
const OOM_QUERY = 'oom OR "out of memory"'

describe('a query', () => {
  it('finds the same in the history, the stream and every form of the export', async () => {
    const id = await node()
    for (const [q, expected] of [
      [OOM_QUERY, OOM],
      ['level:>=warn -oom', [OOM[0]]],
      ['/O.M/', [OOM[0], OOM[1]]],
      ['progress:>70', ['Loading again']],
      ['gpu:A100 provider:aws loading', ['Loading bloom', 'Loading again']],
      ['gpu:H100', []],
      ['timestamp:>=-1h level:error', [OOM[0]]],
      [`node:="${id}" retrying`, ['retrying']],
      ['', ENTRIES.map(({ message }) => message)],
    ] as const) {
      expect([q, await history(id, { q })]).toEqual([q, expected])
      expect([q, await streamed(id, { q })]).toEqual([q, expected])
      for (const format of ['json', 'ndjson', 'csv', 'text']) {
        const file = await (await get(id, '/export', { q, format })).text()
        const found = ENTRIES.map(({ message }) => message).filter((text) => file.includes(text))
        expect([q, format, found]).toEqual([q, format, expected])
      }
    }
  })

  it('holds beside `level` and `since`, and comes before `tail`', async () => {
    const id = await node()
    expect(await history(id, { q: OOM_QUERY, level: 'error' })).toEqual([OOM[0]])
    expect(await streamed(id, { q: OOM_QUERY, level: 'warn', tail: '1' })).toEqual([OOM[1]])
    expect(await history(id, { q: 'loading', tail: '1' })).toEqual(['Loading again'])
    expect(await history(id, { q: 'loading', since: '2030-01-01T00:00:00Z' })).toEqual([])
  })

  it('thins out `log` alone', async () => {
    const id = await node()
    const stream = await open(id, { q: 'nothing', follow: 'false', tail: 'all' })
    await stream.ended
    expect(stream.events.map(({ event }) => event)).toEqual([
      'status',
      'status',
      'error',
      'status',
      'done',
    ])
  })

  it('filters what comes live, and what a reader resumes', async () => {
    const id = await node()
    const stream = await open(id, { q: 'needle', tail: '0' })
    const other = await open(id, { q: 'hay', tail: '0' })
    await until('both to be open', () => stream.lastId() !== '' && other.lastId() !== '')
    const from = stream.lastId()
    await send(id, [{ message: 'hay' }, { message: 'a needle' }, { message: 'more hay' }])
    await until('the needle', () => stream.messages().length === 1)
    await until('the hay', () => other.messages().length === 2)
    expect(stream.messages()).toEqual(['a needle'])
    const resumed = await openStream(address(id, '/stream', { q: 'needle' }), {
      'X-Admin-Token': server.token,
      'Last-Event-ID': from,
    })
    await until('the needle again', () => resumed.messages().length === 1)
    expect(resumed.messages()).toEqual(['a needle'])
  })

  it('runs patterns on large entries beside everything else, in the order of the log', async () => {
    const id = await node()
    const large = (end: string) => ({ message: `${'a'.repeat(60_000)}${end}` })
    const live = await open(id, { q: '/(.*a){20}[!z]/ OR small', tail: '0' })
    await until('it to be open', () => live.lastId() !== '')
    const sent = [
      large('!'),
      { message: 'small' },
      large('?'),
      large('z'),
      { message: 'small, too' },
    ]
    await send(id, sent)
    const expected = [sent[0], sent[1], sent[3], sent[4]].map((entry) => entry?.message)
    await until('all of them', () => live.messages().length === expected.length)
    expect(live.messages()).toEqual(expected)
    const q = '/(.*a){20}[!z]/ OR small'
    expect(await history(id, { q })).toEqual(expected)
    expect(await streamed(id, { q, tail: 'all' })).toEqual(expected)
    const unfiltered = await open(id, { tail: '0' })
    await until('it to be open', () => unfiltered.lastId() !== '')
    await send(id, [large('z')])
    const begun = performance.now()
    await send(id, [{ message: 'at once' }])
    await until('what came at once', () => unfiltered.messages().at(-1) === 'at once')
    console.log(`another stream was behind by ${(performance.now() - begun).toFixed(0)} ms`)
    await until('the large one', () => live.messages().length === expected.length + 1)
  })

  it('says with each heartbeat how much it has looked at, until it has found something', async () => {
    const id = await node()
    const stream = await open(id, { q: 'needle' })
    const scanned = () => stream.comments.filter((text) => text.startsWith('scanned='))
    await until('a heartbeat', () => scanned().at(-1) === 'scanned=5 matched=0')
    await send(id, [{ message: 'hay' }])
    await until('another', () => scanned().at(-1) === 'scanned=6 matched=0')
    const later = await open(id, { q: 'needle', tail: '0' })
    await until('one of its own', () => later.comments.includes('scanned=0 matched=0'))
    await send(id, [{ message: 'needle' }])
    await until('the needle', () => stream.messages().length === 1)
    const beats = stream.comments.length
    await until('more heartbeats', () => stream.comments.length > beats + 2)
    expect(stream.comments.slice(beats + 1).filter((text) => text.startsWith('scanned='))).toEqual(
      [],
    )
    const all = await open(id, {})
    await until('heartbeats', () => all.comments.length > 2)
    expect(all.comments.join()).not.toContain('scanned')
  })

  it('that asks for the launch sees it as it has become', async () => {
    const id = await node()
    const stream = await open(id, { q: 'status:failed' })
    await send(id, [{ message: 'gone', phase: 'failed', level: 'error' }])
    await stream.ended
    expect(await history(id, { q: 'status:failed' })).toHaveLength(6)
    expect(await history(id, { q: '-status:failed' })).toEqual([])
  })

  it('that cannot be understood is a 400 before anything else, wherever it is asked', async () => {
    const message = "column 7: 'warning' is not a level; did you mean 'warn'?"
    const id = await node()
    for (const path of ['', '/stream', '/export']) {
      for (const [node, token] of [
        [id, server.token],
        ['no-such-node', server.token],
      ] as const) {
        const url = address(node, path, { q: 'level:warning' })
        const response = await fetch(url, { headers: { 'X-Admin-Token': token } })
        expect([path, response.status, await response.json()]).toEqual([
          path,
          400,
          { error: { message } },
        ])
      }
    }
    const url = `${server.url}/admin/query?q=level:warning`
    expect((await fetch(url)).status).toBe(401)
    const explained = await server.fetch('/admin/query?q=level:warning')
    expect([explained.status, await explained.json()]).toEqual([400, { error: { message } }])
  })

  it('is explained without being run', async () => {
    const answer = await server.fetch(
      `/admin/query?${new URLSearchParams({ q: '(a or  b) level:warn' })}`,
    )
    const { fields, operators, ...understood } = (await answer.json()) as QueryExplanation
    expect(understood).toEqual({
      query: 'a or b level:warn',
      hints: [
        "'or' is a word here; the operator is written OR",
        'level:warn finds exactly this level; level:>=warn also finds the more serious ones',
      ],
    })
    expect(fields.map(({ name }) => name)).toContain('cause')
    expect(operators.length).toBeGreaterThan(10)
    const nothing = await (await server.fetch('/admin/query')).json()
    expect(nothing).toMatchObject({ query: '', hints: [] })
  })

  it('may have been meant otherwise, which a header says', async () => {
    const id = await node()
    for (const path of ['', '/stream', '/export']) {
      const response = await get(id, path, { q: 'a or b', follow: 'false' })
      expect(response.headers.get('Query-Hint')).toBe(
        "'or' is a word here; the operator is written OR",
      )
      await response.text()
      const plain = await get(id, path, { q: 'a', follow: 'false' })
      expect(plain.headers.get('Query-Hint')).toBeNull()
      await plain.text()
    }
  })
})

describe('launchtail logs -q', () => {
  it('shows what the query finds', async () => {
    const id = await node()
    const { code, stdout } = await logs(id, OOM_QUERY)
    expect([code, stdout.trim().split('\n')]).toEqual([0, OOM])
  })

  it('points at what is wrong', async () => {
    const { code, stderr } = await logs(await node(), 'oom level:warning')
    expect(code).toBe(1)
    expect(stderr).toContain(
      "column 11: 'warning' is not a level; did you mean 'warn'?\n  oom level:warning\n            ^",
    )
  })

  function logs(id: string, query: string) {
    return startCommand(server.url, ['logs', id, '--tail', 'all', '-o', 'raw', '-q', query]).ended
  }
})

async function node(): Promise<string> {
  const answer = await server.post('/admin/nodes', { provider: 'aws', gpu: 'A100-80GB' })
  const { node_id: id } = (await answer.json()) as { node_id: string }
  await send(id, ENTRIES)
  return id
}

async function send(id: string, entries: object[]): Promise<void> {
  expect((await server.post(`/admin/nodes/${id}/logs`, entries)).status).toBe(202)
}

type Parameters = Record<string, string>

function address(id: string, path: string, query: Parameters): string {
  return `${server.url}/admin/nodes/${id}/logs${path}?${new URLSearchParams(query)}`
}

function get(id: string, path: string, query: Parameters): Promise<Response> {
  return fetch(address(id, path, query), { headers: { 'X-Admin-Token': server.token } })
}

async function history(id: string, query: Parameters): Promise<string[]> {
  const answer = await (await get(id, '', query)).json()
  return (answer as { logs: { message: string }[] }).logs.map(({ message }) => message)
}

function open(id: string, query: Parameters) {
  return openStream(address(id, '/stream', query), { 'X-Admin-Token': server.token })
}

async function streamed(id: string, query: Parameters): Promise<string[]> {
  const stream = await open(id, { ...query, follow: 'false' })
  await stream.ended
  return stream.messages()
}
