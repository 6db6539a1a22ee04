import type { LaunchRequest, LogEntry } from '@launchtail/client/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { plain } from './support/launch-scenarios.js'
import { waitFor } from './support/launching.js'
import { type Owner, startShared } from './support/owners.js'
import {
  endAll,
  type RunningServer,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'
import { seededRandom } from './support/seed.js'
import { type Double, type Scenario, type Step, startDouble } from './support/skypilot-double.js'
import { openStream, type StreamEvent } from './support/stream.js'

let api: Double
let scenario: Scenario = plain()

beforeAll(async () => {
  api = await startDouble({ scenario: () => scenario })
})
afterAll(async () => {
  await api.close()
  await endAll()
})

const ended = ({ phase }: LogEntry) => phase === 'failed'
const active = ({ phase }: LogEntry) => phase === 'active'

function request(node_id: string): LaunchRequest {
  return { node_id, provider: 'aws', region: 'x', gpu: 'H100', model: 'm/m' }
}

describe('around the moment when SkyPilot takes a launch', () => {
  let shared: Awaited<ReturnType<typeof startShared>>
  let second: Owner

  beforeAll(async () => {
    shared = await startShared()
    second = await shared.start({ owner: 'second', lease: 300, endpoint: api.url })
  })
  afterEach(() => api.intercept(undefined))
  afterAll(() => shared.close())

  /** Each is a question of the launch, and whether SkyPilot hears it. */
  const STEPS = {
    'before it asks': ['/api/health', false],
    'while it looks for the launch': ['/api/status', true],
    'while it looks for the cluster': ['/status', true],
    'with the answer that there is none': ['/api/get', true],
    'when SkyPilot has not heard it': ['/launch', false],
    'when SkyPilot has taken it': ['/launch', true],
    'when it reads the output': ['/api/stream', true],
  } as const

  /** Does something to the server when it asks that question; not when another does. */
  function at([path, heard]: (typeof STEPS)[keyof typeof STEPS], act: () => Promise<void>) {
    let done = false
    let checked = false
    return new Promise<void>((resolve, reject) => {
      api.intercept(async (call) => {
        // The first question is the check's: nothing is stored yet, so nothing is launched either.
        const check = !checked && call.path === '/api/health'
        if (check) checked = true
        if (check || done || call.path !== path) return call.go()
        done = true
        await act().then(resolve, reject)
        if (heard) await call.go()
        else call.req.destroy()
      })
    })
  }

  async function launchedOnce(id: string): Promise<void> {
    const entries = await shared.until(id, active)
    expect((await shared.row(id)).owner).toBe('second')
    expect(api.launched.filter((name) => name.endsWith(id))).toHaveLength(1)
    const steps = entries.map(({ message }) => message).filter((text) => /^step \d+$/.test(text))
    expect(steps).toEqual(Array.from({ length: 20 }, (_, i) => `step ${i}`))
  }

  async function leavesNothing(id: string): Promise<void> {
    await second.tell({ terminate: id })
    await waitFor(async () => (await shared.row(id)).state === 'ended' || undefined)
    expect((await shared.list(id)).filter(ended)).toHaveLength(1)
    expect(api.clusters.size).toBe(0)
    const going = [...api.requests.values()].filter(({ status }) => /PENDING|RUNNING/.test(status))
    expect(going.filter(({ name }) => name === 'sky.launch')).toEqual([])
  }

  const names = Object.keys(STEPS) as (keyof typeof STEPS)[]

  test.each(names)('a server that is killed %s is followed by one that finds it', async (name) => {
    const id = `k${names.indexOf(name)}`
    const one = await shared.start({ owner: 'first', lease: 300, endpoint: api.url })
    const killed = at(STEPS[name], () => one.kill())
    // It may die before it has answered.
    one.tell({ launch: request(id) }).catch(() => {})
    await killed
    await launchedOnce(id)
    await leavesNothing(id)
  })

  test('a server that is stopped at any of them does nothing more when it wakes', async () => {
    const first = await shared.start({ owner: 'first', lease: 300, endpoint: api.url })
    for (const name of names) {
      const id = `s${names.indexOf(name)}`
      const stopped = at(STEPS[name], () => shared.freeze(first))
      await first.tell({ launch: request(id) })
      await stopped
      await launchedOnce(id)
      first.wake()
      await waitFor(async () => (await first.tell({ isRunning: id })) === false || undefined)
      await launchedOnce(id)
      await leavesNothing(id)
    }
    expect(api.launched.filter((name) => /-s\d$/.test(name))).toHaveLength(names.length)
  }, 120_000)
})

/** How often the server is killed, and how many lines come in between. */
const KILLS = 20
const LINES = 20

/** The request's output and then the job's, of which each part comes when its gate is opened. */
function inParts(): Scenario {
  const part = (number: number, line: (i: number) => string): Step[] => [
    { gate: `part ${number}` },
    ...Array.from({ length: LINES }, (_, i) => [
      { text: `${line(number * LINES + i)}\n` },
      ...(i % 4 === 3 ? [{ wait: 10 }] : []),
    ]).flat(),
  ]
  const parts = (from: number, to: number, line: (i: number) => string) =>
    Array.from({ length: to - from }, (_, i) => part(from + i, line)).flat()
  const { request, job = [] } = plain()
  return {
    request: [
      ...request.slice(0, 2),
      ...parts(0, 8, (i) => `I 01-01 00:00:00 provisioner.py:1] at ${i}`),
      ...request.slice(2),
    ],
    job: [
      ...job.slice(0, 1),
      ...parts(8, 14, (i) => `(setup pid=7) step ${i}`),
      ...job.slice(-4, -2),
      ...parts(14, KILLS, (i) => `(task, pid=7) INFO 01-01 00:00:00 [a.py:1] at ${i}`),
      ...job.slice(-2),
    ],
  }
}

// What is killed here is one server with its own logs: where the records are makes no difference to it.
const isOnPostgres = process.env.LAUNCHTAIL_TEST_STORE === 'postgres'

test.skipIf(isOnPostgres)(
  'a server that is killed twenty times in a launch stores what an undisturbed one does',
  async () => {
    scenario = inParts()
    const random = seededRandom('kills')
    const env = { SKYPILOT_API_SERVER_ENDPOINT: api.url }
    const dataDir = await temporaryFolder()
    let server = await startServer({ dataDir, env })
    expect((await server.post('/admin/nodes/launch', request('killed'))).status).toBe(202)

    const seen: StreamEvent[] = []
    let lastId = ''
    for (let kill = 0; kill < KILLS; kill += 1) {
      const reader = await follow(server, 'killed', lastId)
      await partIsStored(server, kill - 1)
      api.pass(`part ${kill}`)
      await new Promise((resolve) => setTimeout(resolve, random() * 150))
      await server.kill()
      await reader.ended
      seen.push(...reader.events)
      lastId = reader.lastId()
      server = await startServer({ dataDir, env })
    }
    const reader = await follow(server, 'killed', lastId)
    await reader.event('done', ({ event }) => event === 'done')
    await reader.ended
    seen.push(...reader.events)

    // All gates are open by now.
    expect((await server.post('/admin/nodes/launch', request('undist'))).status).toBe(202)
    await until(
      'it to be active',
      async () => (await stored(server, 'undist')).some(active),
      30_000,
    )
    const expected = told(await stored(server, 'undist'))
    const logs = await stored(server, 'killed')
    expect(told(logs)).toEqual(expected)
    expect(expected.length).toBeGreaterThan(KILLS * LINES)
    const lines = seen.filter(({ event }) => event === 'log')
    expect(lines.map(({ data }) => data.message)).toEqual(logs.map(({ message }) => message))
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length)
    expect(api.launched.filter((name) => name.endsWith('killed'))).toHaveLength(1)
    for (const id of ['killed', 'undist']) await server.post(`/admin/nodes/${id}/terminate`, '')
    await until('the clusters to be gone', () => api.clusters.size === 0)
  },
  300_000,
)

function follow(server: RunningServer, id: string, lastId: string) {
  const headers = { 'X-Admin-Token': server.token, ...(lastId && { 'Last-Event-ID': lastId }) }
  return openStream(`${server.url}/admin/nodes/${id}/logs/stream?tail=all`, headers)
}

async function stored(server: RunningServer, id: string): Promise<LogEntry[]> {
  const answer = await server.fetch(`/admin/nodes/${id}/logs?tail=all`)
  return ((await answer.json()) as { logs: LogEntry[] }).logs
}

/** So that each kill hits another part. */
async function partIsStored(server: RunningServer, part: number): Promise<void> {
  const last = new RegExp(` ${part * LINES + LINES - 1}$`)
  if (part < 0) return
  await until(`part ${part}`, async () =>
    (await stored(server, 'killed')).some(({ message }) => last.test(message)),
  )
}

/** What was stored, without what is another for each node. */
function told(entries: readonly LogEntry[]): string[] {
  return entries.map(({ phase, progress, level, message }) =>
    [phase, progress, level, message.replace(/-(?:killed|undist)$/, '-N')].join(' '),
  )
}
