import { createClient, type LaunchSummary } from '@launchtail/client'
import { nodeLaunchesSchema } from '@launchtail/client/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCommand } from './support/command.js'
import { endAll, type RunningServer, startServer, until } from './support/processes.js'
import { readToEnd } from './support/reading.js'
import { openStream } from './support/stream.js'

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
  await twice('again', server)
})
afterAll(endAll)

/** A node that failed for lack of capacity, and was launched again elsewhere, where it worked. */
async function twice(id: string, where: RunningServer): Promise<void> {
  await where.post('/admin/nodes', { node_id: id, provider: 'aws', region: 'us-west-2' })
  await send(where, id, [
    ['queued', 'first: asked for'],
    ['provisioning', 'first: no room'],
    ['failed', 'first: it failed'],
  ])
  await send(where, id, [
    ['queued', 'second: asked for'],
    ['provisioning', 'second: there is room'],
    ['active', 'second: up'],
    ['active', 'second: serving'],
  ])
}

let clock = Date.parse('2026-03-01T10:00:00Z')

async function send(where: RunningServer, id: string, entries: [string, string][]): Promise<void> {
  const drafts = entries.map(([phase, message]) => {
    clock += 60_000
    const level = phase === 'failed' ? 'error' : 'info'
    return { phase, message, level, timestamp: new Date(clock).toISOString() }
  })
  expect((await where.post(`/admin/nodes/${id}/logs`, drafts)).status).toBe(202)
}

async function messages(path: string, where = server): Promise<string[]> {
  const answer = await where.fetch(path)
  expect(answer.status).toBe(200)
  const { logs } = (await answer.json()) as { logs: { message: string }[] }
  return logs.map(({ message }) => message)
}

const FIRST = ['first: asked for', 'first: no room', 'first: it failed']
const SECOND = ['second: asked for', 'second: there is room', 'second: up', 'second: serving']

describe('the launches of a node', () => {
  it('are listed, the newest first, with what they came to', async () => {
    const answer = await server.fetch('/admin/nodes/again/launches')
    const { launches } = nodeLaunchesSchema.strict().parse(await answer.json())
    const [second, first] = launches as [LaunchSummary, LaunchSummary]
    expect(launches.map(({ number, outcome }) => [number, outcome])).toEqual([
      [2, 'succeeded'],
      [1, 'failed'],
    ])
    expect(first).toMatchObject({ provider: 'aws', region: 'us-west-2', code: 'unknown' })
    expect(first.phases).toEqual([
      { phase: 'queued', duration_ms: 60_000 },
      { phase: 'provisioning', duration_ms: 60_000 },
    ])
    expect(Date.parse(second.started_at ?? '')).toBeGreaterThan(Date.parse(first.ended_at ?? ''))
    const client = createClient({ baseUrl: server.url, token: server.token })
    expect((await client.listNodeLaunches('again')).launches).toEqual(launches)
    expect((await server.fetch('/admin/nodes/nobody/launches')).status).toBe(404)
  })

  it('have one under way, which has no outcome', async () => {
    await server.post('/admin/nodes', { node_id: 'under-way', gpu: 'L4' })
    const list = async () => {
      const answer = await server.fetch('/admin/nodes/under-way/launches')
      return ((await answer.json()) as { launches: LaunchSummary[] }).launches
    }
    expect(await list()).toEqual([{ number: 1, gpu: 'L4', use_spot: false, phases: [] }])
    await send(server, 'under-way', [
      ['queued', 'asked for'],
      ['provisioning', 'begun'],
    ])
    expect(await list()).toMatchObject([
      { number: 1, phases: [{ phase: 'queued', duration_ms: 60_000 }] },
    ])
    expect((await list())[0]).not.toHaveProperty('outcome')
    expect(await messages('/admin/nodes/under-way/logs?launch=latest')).toEqual([
      'asked for',
      'begun',
    ])
  })
})

describe('one launch of a node', () => {
  it.each([
    ['launch=previous', FIRST],
    ['launch=1', FIRST],
    ['launch=2', SECOND],
    ['launch=latest', SECOND],
    ['launch=1&tail=1', FIRST.slice(-1)],
    ['launch=2&tail=2', SECOND.slice(-2)],
    ['launch=2&tail=all', SECOND],
    ['launch=1&q=room', ['first: no room']],
    ['launch=1&level=error', ['first: it failed']],
    ['launch=2&level=error', []],
  ])('history with %s', async (query, expected) => {
    expect(await messages(`/admin/nodes/again/logs?${query}`)).toEqual(expected)
  })

  it('history goes from page to page, and stays within it', async () => {
    const page = async (query: string) => {
      const answer = await server.fetch(`/admin/nodes/again/logs?${query}`)
      const { logs } = (await answer.json()) as { logs: { message: string }[] }
      const cursors = ['log-first', 'log-cursor'].map((name) => answer.headers.get(name) ?? '')
      return { texts: logs.map(({ message }) => message), first: cursors[0], last: cursors[1] }
    }
    const newest = await page('launch=2&tail=2')
    const older = await page(`launch=2&tail=2&before=${newest.first}`)
    expect([older.texts, newest.texts]).toEqual([SECOND.slice(0, 2), SECOND.slice(2)])
    expect((await page(`launch=2&tail=2&before=${older.first}`)).texts).toEqual([])
    expect((await page(`launch=2&tail=all&after=${older.first}`)).texts).toEqual(SECOND.slice(1))
    const [oldest] = [await page('launch=1&tail=2')]
    expect((await page(`launch=1&tail=9&after=${oldest?.last}`)).texts).toEqual([])
    expect((await page(`launch=2&tail=9&after=${oldest?.last}`)).texts).toEqual(SECOND)
    expect((await page(`launch=1&tail=9&before=${newest.first}`)).texts).toEqual(FIRST)
  })

  it('is found by a search of its node', async () => {
    const found = (query: string) => messages(`/admin/logs?node=again&order=asc&${query}`)
    expect(await found('launch=previous')).toEqual(FIRST)
    expect(await found('launch=2&q=room')).toEqual(['second: there is room'])
    expect(await found('launch=1&q=serving')).toEqual([])
    expect(await found('')).toEqual([...FIRST, ...SECOND])
  })

  it('is counted', async () => {
    const answer = await server.fetch('/admin/logs/stats?node=again&launch=1')
    expect(await answer.json()).toMatchObject({ count: 3, complete: true })
  })

  it('is exported', async () => {
    const answer = await server.fetch(
      '/admin/nodes/again/logs/export?launch=1&format=text&tail=all',
    )
    const lines = (await answer.text()).split('\n').filter((line) => line.startsWith('20'))
    expect(lines).toHaveLength(3)
    expect(lines[2]).toContain('first: it failed')
    const all = await server.fetch('/admin/logs/export?node=again&launch=previous')
    const entries = (await all.text()).trim().split('\n')
    expect(entries.map((entry) => JSON.parse(entry).message)).toEqual(FIRST)
  })

  it('is shown by the command', async () => {
    const run = (...args: string[]) => startCommand(server.url, ['logs', 'again', ...args]).ended
    const { stdout, stderr, code } = await run('--launch', 'previous', '-o', 'raw')
    expect([stdout, stderr, code]).toEqual([`${FIRST.join('\n')}\n`, '', 0])
    const pretty = await run('--launch', '2', '--tail', '1', '--numbers', '--tz', 'utc')
    expect(pretty.stdout).toMatch(/^ {5}7 \d\d:\d\d:\d\d active .*second: serving\n$/)
    const found = ['search', '--node', 'again', '--launch', '1', '-o', 'raw', 'room']
    expect((await startCommand(server.url, found).ended).stdout).toBe('first: no room\n')
    const exported = ['export', '--node', 'again', '--launch', '2', '--format', 'ndjson']
    const lines = (await startCommand(server.url, exported).ended).stdout.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(SECOND)
    expect((await run('--launch', '9')).stderr).toBe('launchtail: this node has no launch 9\n')
    expect((await run('--launch', 'x')).stderr).toContain('latest, previous or a number')
    expect((await run('--launch', '1', '--after', '1:0:log')).stderr).toContain('--launch')
  })

  it.each([
    ['/admin/nodes/again/logs?launch=3', 404, 'this node has no launch 3'],
    ['/admin/nodes/under-way/logs?launch=previous', 404, 'this node has no previous launch'],
    ['/admin/nodes/nobody/logs?launch=1', 404, 'node not found'],
    ['/admin/nodes/again/logs?launch=0', 400, "invalid 'launch' value"],
    ['/admin/nodes/again/logs?launch=first', 400, "invalid 'launch' value"],
    ['/admin/logs?launch=1', 400, "'launch' needs exactly one 'node'"],
    ['/admin/logs?launch=1&node=again,under-way', 400, "'launch' needs exactly one 'node'"],
    ['/admin/logs?launch=1&node=nobody', 404, 'node not found'],
  ])('refuses %s', async (path, status, message) => {
    const answer = await server.fetch(path)
    expect([answer.status, await answer.json()]).toEqual([status, { error: { message } }])
  })
})

describe('the stream of one launch', () => {
  const path = '/admin/nodes/again/logs/stream'
  const read = (query: string, after = '') =>
    readToEnd(`${server.url}${path}?${query}`, {
      'X-Admin-Token': server.token,
      ...(after && { 'Last-Event-ID': after }),
    })
  const shown = ({ events }: Awaited<ReturnType<typeof read>>) =>
    events.map(({ event, data }) => (event === 'log' ? data.message : [event, data.status]))

  it.each([
    ['launch=previous', FIRST],
    ['launch=1&tail=2', FIRST.slice(1)],
    ['launch=1&tail=all&q=room', FIRST.slice(1, 2)],
    ['launch=1&level=info', FIRST],
    ['launch=1&since=2026-03-01T10:02:00Z', FIRST.slice(2)],
    ['launch=1&tail=0', []],
  ])('that is past: %s', async (query, logs) => {
    const reading = await read(query)
    const done = reading.events.at(-1)
    expect(shown(reading).filter((one) => typeof one === 'string')).toEqual(logs)
    expect(done?.data).toEqual({ status: 'failed', message: 'first: it failed' })
    expect(reading.headers['log-expired']).toBeUndefined()
    const whole = await read('tail=all')
    const ids = new Set(whole.events.map(({ event, id }) => event + id))
    for (const { event, id } of reading.events.slice(0, -1)) expect(ids).toContain(event + id)
  })

  it('that is past is resumed, is over after its end, and has a gap for what is not in it', async () => {
    const { events } = await read('launch=1&tail=all')
    expect((await read('launch=1', events[1]?.id)).events).toEqual(events.slice(2))
    expect((await read('launch=1', events.at(-1)?.id)).status).toBe(204)
    const other = (await read('launch=2&tail=all')).events[1]?.id ?? ''
    for (const id of [other, 'nonsense']) {
      const [gap, ...rest] = (await read('launch=1', id)).events
      expect([gap?.event, gap?.data.requested, rest]).toEqual(['gap', id, events])
    }
    const [end] = (await read('launch=1&tail=0&follow=false')).events
    expect(end?.data).toEqual({
      status: 'failed',
      message: 'Log stream complete (follow=false)',
    })
  })

  it.each(['latest', '2'])('that is the newest, called %s', async (launch) => {
    const done = ['done', 'active']
    for (const [tail, logs] of [
      ['all', SECOND],
      ['5', SECOND],
      ['2', SECOND.slice(2)],
    ] as const) {
      expect(shown(await read(`launch=${launch}&tail=${tail}`))).toEqual([...logs, done])
    }
    // Also after an event of the launch before.
    const seen = (await read('launch=1&tail=all')).events[0]?.id
    expect(shown(await read(`launch=${launch}`, seen))).toEqual([...SECOND, done])
  })

  it('that is under way goes on, and ends with it', async () => {
    await twice('onward', server)
    await send(server, 'onward', [['queued', 'third: asked for']])
    const headers = { 'X-Admin-Token': server.token }
    const url = `${server.url}/admin/nodes/onward/logs/stream?launch=latest&tail=all`
    const stream = await openStream(url, headers)
    await stream.event('its beginning', ({ data }) => data.message === 'third: asked for')
    await send(server, 'onward', [['active', 'third: up']])
    await stream.ended
    expect(stream.messages()).toEqual(['third: asked for', 'third: up'])
    expect(stream.events.at(-1)).toMatchObject({ event: 'done', data: { message: 'third: up' } })
  })

  it('tells how it ended, however much it has logged since', async () => {
    await server.post('/admin/nodes', { node_id: 'talkative' })
    const lines = Array.from({ length: 700 }, (_, n): [string, string] => [
      'active',
      `request ${n}`,
    ])
    await send(server, 'talkative', [
      ['queued', 'asked for'],
      ['active', 'up at http://10.0.0.1:8000'],
      ...lines,
      ['queued', 'asked for again'],
    ])
    const url = `${server.url}/admin/nodes/talkative/logs/stream?launch=1&tail=1`
    const { events } = await readToEnd(url, { 'X-Admin-Token': server.token })
    expect(events.map(({ data }) => data)).toMatchObject([
      { message: 'request 699' },
      {
        status: 'active',
        endpoint: 'http://10.0.0.1:8000',
        message: 'up at http://10.0.0.1:8000',
      },
    ])
  })

  it('comes by the client and by the command, whose exit code is of that launch', async () => {
    const client = createClient({ baseUrl: server.url, token: server.token })
    const found: unknown[] = []
    for await (const { event, data } of client.stream('again', { launch: 'previous' })) {
      found.push(event === 'log' ? data.message : event)
    }
    expect(found).toEqual([...FIRST.slice(0, 2), FIRST[2], 'error', 'done'])
    const { stdout, code } = await startCommand(server.url, [
      ...['logs', '-f', 'again', '--launch', '1', '--tz', 'utc'],
    ]).ended
    expect(stdout).toMatch(/first: it failed\nfailed: first: it failed\n$/)
    expect(code).toBe(2)
  })

  it.each([
    [`${path}?launch=3`, 404, 'this node has no launch 3'],
    ['/admin/nodes/nobody/logs/stream?launch=1', 404, 'node not found'],
    [`${path}?launch=first`, 400, "invalid 'launch' value"],
  ])('refuses %s', async (address, status, message) => {
    const answer = await server.fetch(address)
    expect([answer.status, await answer.json()]).toEqual([status, { error: { message } }])
  })
})

it('is read from the archive once the live log has expired, also after a newer launch', async () => {
  const brief = await startServer({ env: { LAUNCHTAIL_RETENTION: '6s' } })
  await twice('brief', brief)
  // A search waits until the archive has all of it.
  expect(await messages('/admin/logs?node=brief', brief)).toHaveLength(7)
  const expired = () =>
    until('the live log to expire', async () => {
      const answer = await brief.fetch('/admin/nodes/brief/logs?tail=1')
      return answer.headers.get('log-expired') === 'true'
    })
  await expired()
  expect(await messages('/admin/nodes/brief/logs?launch=previous', brief)).toEqual(FIRST)
  await send(brief, 'brief', [
    ['queued', 'third: asked for'],
    ['active', 'third: up'],
  ])
  expect(await messages('/admin/nodes/brief/logs?launch=latest', brief)).toEqual([
    'third: asked for',
    'third: up',
  ])
  const answer = await brief.fetch('/admin/nodes/brief/logs?launch=previous')
  expect(answer.headers.get('log-expired')).toBe('true')
  expect(await messages('/admin/nodes/brief/logs?launch=2', brief)).toEqual(SECOND)
  expect(await messages('/admin/nodes/brief/logs?launch=1', brief)).toEqual(FIRST)
  const stream = await readToEnd(`${brief.url}/admin/nodes/brief/logs/stream?launch=1&tail=all`, {
    'X-Admin-Token': brief.token,
  })
  expect(stream.headers['log-expired']).toBe('true')
  expect(stream.events.flatMap(({ event, data }) => (event === 'log' ? data.message : []))).toEqual(
    FIRST,
  )
  expect(stream.events.at(-1)?.data).toEqual({ status: 'failed', message: 'first: it failed' })
  const found = '/admin/logs?node=brief&order=asc&q=asked'
  expect(await messages(`${found}&launch=2`, brief)).toEqual(['second: asked for'])
  expect(await messages(`${found}&launch=3`, brief)).toEqual(['third: asked for'])
})
