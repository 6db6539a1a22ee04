import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { SearchAnswer, SearchQuestion } from '../src/find/archive/question.js'
import { readLogsProtobuf } from '../src/otlp/in/read-protobuf.js'
import { startExporter } from '../src/otlp/out/exporter.js'
import { type PostOptions, post } from '../src/otlp/out/post.js'
import { LOGS } from '../src/otlp/wire/encode.js'
import { until } from './support/processes.js'

const OPTIONS = {
  protocol: 'http/protobuf',
  compression: 'none',
  timeout: 10_000,
} as const

/** A receiver that is away until it is opened. */
async function startAway() {
  const bodies: Buffer[] = []
  let isLost = true
  const server = createServer(async (request, response) => {
    bodies.push(await buffer(request))
    // The answer to the first request is lost on its way, so the sender cannot know that it was taken.
    if (isLost) request.socket.destroy()
    else response.writeHead(200).end()
    isLost = false
  })
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const port = await listen(0)
  await new Promise((resolve) => server.close(resolve))
  onTestFinished(() => void server.close())
  return {
    url: `http://127.0.0.1:${port}/v1/logs`,
    messages: () => bodies.flatMap((body) => [...readLogsProtobuf(body)]).map(messageOf),
    open: () => listen(port),
  }
}

const messageOf = ({ record }: { record: { body: unknown } }) => String(record.body)

/** Entries in the order in which they came, as the archive gives them. */
function entriesInMemory() {
  const logs: string[] = []
  return { add, search, messages: () => logs.map((text) => JSON.parse(text).message) }

  function add(count: number): void {
    for (let n = 0; n < count; n += 1) {
      const entry = { timestamp: '2026-01-01T00:00:00Z', level: 'info', phase: 'queued' }
      logs.push(JSON.stringify({ ...entry, node_id: 'n', message: `line ${logs.length}` }))
    }
  }

  async function search({
    cursor,
    limit,
    order,
  }: Pick<SearchQuestion, 'cursor' | 'limit' | 'order'>) {
    const from = order === 'asc' ? Number(cursor ?? 0) : 0
    const found = logs.slice(from, from + limit)
    const next = from + found.length
    const end = String(logs.length)
    return {
      logs: order === 'asc' ? found : [],
      isComplete: true,
      cursor: order === 'asc' && next < logs.length ? String(next) : undefined,
      end,
      ...{ lookedUpTo: undefined, scanned: 0, upTo: logs.length },
    } satisfies SearchAnswer
  }
}

it('a receiver that was away for a minute gets every entry, and at most one request twice', async () => {
  const to = await startAway()
  const archive = entriesInMemory()
  const stored = new Map<string, string>()
  const told = { sent: 0, faults: [] as string[] }
  let elapsed = 0
  let hasChanged = () => {}
  const exporter = startExporter({
    ...OPTIONS,
    ...{ logs: { url: to.url, headers: {} }, traces: undefined, version: '1' },
    ...{ query: undefined, archive },
    registry: {
      records: async () => [],
      watch(onChange: (nodeId: string) => void) {
        hasChanged = () => onChange('n')
        return () => {}
      },
    } as never,
    positions: {
      of: async (name) => stored.get(name),
      store: async (name, position) => void stored.set(name, position),
    },
    launchChanges: undefined as never,
    every: 5,
    onSent: (_signal, _result, count) => {
      told.sent += count
    },
    onFault: (message) => told.faults.push(message),
    // A minute passes by the pauses between the attempts, in each of which more is logged.
    async sleep(ms) {
      elapsed += ms
      archive.add(300)
      if (elapsed >= 60_000 && elapsed - ms < 60_000) await to.open()
    },
  })
  onTestFinished(exporter.stop)
  await until('the position from which on it sends', () => stored.get('otlp-logs'))
  archive.add(700)
  hasChanged()
  await until('the receiver to be back', () => to.messages().length > 0)
  hasChanged()
  await until('all of it', () => stored.get('otlp-logs') === String(archive.messages().length))
  const got = to.messages()
  expect([...new Set(got)]).toEqual(archive.messages())
  expect(archive.messages().length).toBeGreaterThan(2000)
  // Its answer was lost.
  expect(got.length - archive.messages().length).toBe(512)
  expect(told.sent).toBe(archive.messages().length)
  expect(told.faults[0]).toMatch(/^an OTLP receiver does not take what it is sent/)
})

describe('the pause after a refusal', () => {
  it.each([
    ['0', [500, 1000, 2000]],
    ['-5', [500, 1000, 2000]],
    ['3', [3000, 3000, 3000]],
    ['99999999', [3_600_000, 3_600_000, 3_600_000]],
    ['soon', [500, 1000, 2000]],
    [undefined, [500, 1000, 2000]],
  ])('is never shorter than planned: Retry-After %s', async (retryAfter, pauses) => {
    let requests = 0
    const server = createServer((request, response) => {
      request.resume()
      requests += 1
      const headers = retryAfter === undefined ? {} : { 'Retry-After': retryAfter }
      response.writeHead(requests > 3 ? 200 : 503, headers).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const slept: number[] = []
    const options: PostOptions = {
      ...OPTIONS,
      headers: {},
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      schema: LOGS,
      signal: new AbortController().signal,
      onFault: () => {},
      random: () => 0,
      sleep: async (ms) => void slept.push(ms),
    }
    expect(await post({ resourceLogs: [] }, options)).toBe(true)
    expect(slept).toEqual(pauses)
  })
})
