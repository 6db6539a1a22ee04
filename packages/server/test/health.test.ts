import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogEntry, NodeRecord } from '@launchtail/client/protocol'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { createPool } from '../src/async/pool.js'
import { createTimerWheel } from '../src/async/timer-wheel.js'
import { startHealthMonitor } from '../src/launch/health/monitor.js'
import type { HealthTarget } from '../src/launch/health/targets.js'
import { healthyEntry, unhealthyEntry } from '../src/logs/health-entry.js'
import { fold, UNFOLDED } from '../src/nodes/fold.js'
import { createLatencies } from '../src/nodes/latencies.js'
import { startCommand } from './support/command.js'
import { task } from './support/launching.js'
import {
  endAll,
  type RunningServer,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'
import { seededRandom } from './support/seed.js'

afterAll(endAll)

describe('a timer wheel', () => {
  it('gives each key at its tick, once, whatever was scheduled, changed and cancelled before', () => {
    const random = seededRandom('timer wheel')
    const wheel = createTimerWheel<number>(8)
    const due = new Map<number, number>()
    for (let now = 0; now < 2000; now += 1) {
      for (let n = 0; n < 3; n += 1) {
        const key = Math.floor(random() * 40)
        if (random() < 0.2) {
          wheel.cancel(key)
          due.delete(key)
        } else {
          const ticks = 1 + Math.floor(random() * 30)
          wheel.schedule(key, ticks)
          due.set(key, now + ticks)
        }
      }
      const expected = [...due].flatMap(([key, at]) => (at === now + 1 ? [key] : []))
      expect(wheel.tick().sort()).toEqual(expected.sort())
      for (const key of expected) due.delete(key)
    }
  })
})

it('a pool runs so many at a time, in order, also after one has failed', async () => {
  const inPool = createPool(3)
  const begun: number[] = []
  let [running, most] = [0, 0]
  const all = Array.from({ length: 20 }, (_, n) =>
    inPool(async () => {
      begun.push(n)
      running += 1
      most = Math.max(most, running)
      await sleep(2)
      running -= 1
      if (n === 4) throw new Error('four')
      return n
    }),
  )
  const settled = await Promise.allSettled(all)
  expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(1)
  expect([most, begun]).toEqual([3, Array.from({ length: 20 }, (_, n) => n)])
})

describe('the record', () => {
  const at = (minute: number, entry: object): LogEntry => ({
    ...{ level: 'info', phase: 'active', message: '' },
    timestamp: `2026-03-01T10:0${minute}:00.000Z`,
    ...entry,
  })
  const active = at(0, { message: 'up', details: 'http://10.0.0.1:8000' })
  const lost = at(
    1,
    unhealthyEntry({ since: new Date('2026-03-01T10:00:50Z'), reason: '/health answers 503' }),
  )
  const back = at(4, healthyEntry(190_000))
  const after = (...entries: LogEntry[]) =>
    entries.reduce((record, entry, i) => fold(record, entry, i), UNFOLDED)

  it('says since when a server is unhealthy, and since when it is healthy again', () => {
    expect(after(active).health).toBeUndefined()
    expect(after(active, lost).health).toEqual({ ok: false, since: '2026-03-01T10:00:50.000Z' })
    expect(after(active, lost, back).health).toEqual({ ok: true, since: back.timestamp })
    expect(after(active, lost)).toMatchObject({
      status: 'active',
      endpoint: 'http://10.0.0.1:8000',
    })
  })

  it('forgets it when the node is not active any more', () => {
    const failed = at(5, { phase: 'failed', message: 'gone', level: 'error' })
    expect(after(active, lost, failed).health).toBeUndefined()
    expect(after(at(0, { phase: 'installing' }), { ...lost, phase: 'installing' }).health).toBe(
      undefined,
    )
  })

  it('has an event for each change, and none for a server that stays as it was', () => {
    const { events } = after(active, lost, { ...lost, timestamp: '2026-03-01T10:02:00Z' }, back)
    expect(events.filter(({ kind }) => kind.endsWith('healthy'))).toEqual([
      {
        ...{ kind: 'unhealthy', index: 1, at: lost.timestamp, started_at: active.timestamp },
        ...{ reason: lost.message, since: '2026-03-01T10:00:50.000Z' },
      },
      {
        ...{ kind: 'healthy', index: 3, at: back.timestamp, started_at: active.timestamp },
        unhealthy_for_ms: 190_000,
      },
    ])
  })
})

describe('the monitor', () => {
  /** A server that is slow, and the most requests it has had at once. */
  async function slowServer(status = 200) {
    let [running, most, asked] = [0, 0, 0]
    const server = createServer(async (_, response) => {
      asked += 1
      running += 1
      most = Math.max(most, running)
      await sleep(30)
      running -= 1
      response.writeHead(status).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 511, resolve))
    onTestFinished(() => void server.close().closeAllConnections())
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return { base, seen: () => ({ most, asked }) }
  }

  function watched(targets: () => HealthTarget[], every: number) {
    const told: [string, string][] = []
    const touched = new Map<string, number>()
    const latencies = createLatencies()
    const monitor = startHealthMonitor({
      targets: async () => targets(),
      registry: { touched: (id) => void touched.set(id, (touched.get(id) ?? 0) + 1) },
      latencies,
      appender: {
        async appendWhile(_phase, id, [draft]) {
          told.push([id, draft?.message ?? ''])
          return true
        },
      },
      onFault: (message, error) => told.push([message, String(error)]),
      every,
    })
    onTestFinished(monitor.stop)
    return { told, touched, latencies, monitor }
  }

  const target = (nodeId: string, base: string): HealthTarget => ({
    ...{ nodeId, endpoint: base, health: undefined },
    how: () => ({ base, readiness: { paths: ['/health'], guessed: false }, mark: 'query' }),
  })

  it('asks a thousand servers in turn, at most 32 at a time', async () => {
    const { base, seen } = await slowServer()
    const all = Array.from({ length: 1000 }, (_, n) => target(`n${n}`, base))
    const { told, latencies } = watched(() => all, 1500)
    await until('all to be asked', () => all.every(({ nodeId }) => latencies.of(nodeId)), 25_000)
    expect(seen().most).toBeGreaterThan(20)
    expect(seen().most).toBeLessThanOrEqual(32)
    expect(told).toEqual([])
  })

  it('says once that a server is unhealthy, after three failures in a row', async () => {
    const { base, seen } = await slowServer(503)
    const { told } = watched(() => [target('n', base)], 600)
    await until('the entry', () => told[0])
    expect(seen().asked).toBe(3)
    await until('more requests', () => seen().asked > 4)
    expect(told).toEqual([['n', 'The server is unhealthy: /health answers 503']])
  })

  it('asks no more for what is gone, nor after it was stopped', async () => {
    const { base, seen } = await slowServer()
    let targets = [target('n', base)]
    const { monitor, latencies } = watched(() => targets, 150)
    await until('some requests', () => seen().asked > 2)
    targets = []
    await until('it to be forgotten', () => latencies.of('n') === undefined)
    const { asked } = seen()
    await sleep(300)
    expect(seen().asked).toBe(asked)
    await monitor.stop()
  })
})

/** A server of a model whose health is a file. Its access lines are those of uvicorn. */
const code = `
const { existsSync } = require('node:fs')
require('node:http').createServer((request, response) => {
  const status = existsSync(process.env.SICK) ? 503 : 200
  response.writeHead(status).end()
  const { remoteAddress, remotePort } = request.socket
  console.log('INFO:     ' + remoteAddress + ':' + remotePort +
    ' - \\'GET ' + request.url + ' HTTP/1.1\\' ' + status)
}).listen(process.env.PORT, '127.0.0.1', () => console.log('serving'))
`

describe('a node', () => {
  const env = { LAUNCHTAIL_HEALTH_INTERVAL: '200ms' }
  const nodeOf = async (server: RunningServer, id: string) =>
    (await (await server.fetch(`/admin/nodes/${id}`)).json()) as NodeRecord
  const logOf = async (server: RunningServer, id: string) => {
    const answer = await server.fetch(`/admin/nodes/${id}/logs?tail=all`)
    return ((await answer.json()) as { logs: LogEntry[] }).logs
  }

  it('is unhealthy while its server does not answer, and says so in its log, list and record', async () => {
    const folder = await temporaryFolder()
    const sick = `${folder}/sick`
    const { writeFile, rm } = await import('node:fs/promises')
    let server = await startServer({ env })
    const run = task({ run: `exec node -e "${code}"`, envs: { SICK: sick } })
    const request = { provider: 'local', node_id: 'served', task: run }
    expect((await server.post('/admin/nodes/launch', request)).status).toBe(202)
    const healthy = await until('its health', async () => (await nodeOf(server, 'served')).health)
    expect(healthy).toMatchObject({ ok: true, latency_ms: expect.any(Number) })
    const before = await logOf(server, 'served')

    await writeFile(sick, '')
    const { health, status } = await until('it to be unhealthy', async () => {
      const node = await nodeOf(server, 'served')
      return node.health?.ok === false && node
    })
    expect(status).toBe('active')
    const listed = await startCommand(server.url, ['nodes']).ended
    expect(listed.stdout).toMatch(/^served +unhealthy /m)
    const shown = await startCommand(server.url, ['status', 'served']).ended
    expect(shown.stdout).toContain(`unhealthy since ${health?.since}`)

    await server.kill()
    await rm(sick)
    server = await startServer({ env, dataDir: server.dataDir })
    await until('it to be healthy', async () => (await nodeOf(server, 'served')).health?.ok)
    const after = (await logOf(server, 'served')).slice(before.length)
    expect(after.map(({ level, phase, message }) => [level, phase, message])).toEqual([
      ['warn', 'active', 'The server is unhealthy: /health answers 503'],
      ['info', 'active', expect.stringMatching(/^The server is healthy again, after \S+s$/)],
    ])
  })

  it('that is sent in is asked only where it has a ready_url', async () => {
    const asked: string[] = []
    const other = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.end()
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close().closeAllConnections())
    const base = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    const server = await startServer({ env })
    await server.post('/admin/nodes', { node_id: 'asked', ready_url: `${base}/ready` })
    await server.post('/admin/nodes', { node_id: 'told' })
    const active = { status: 'active', endpoint: `${base}/told` }
    await server.post('/admin/nodes/told/status', active)
    await until('its health', async () => (await nodeOf(server, 'asked')).health)
    expect(await nodeOf(server, 'told')).not.toHaveProperty('health')
    expect(asked.length).toBeGreaterThan(1)
    expect(asked.filter((url) => !url.startsWith('/ready'))).toEqual([])
  })
})
