import { createClient, type PastLaunch, type Stats } from '@launchtail/client'
import { statsSchema } from '@launchtail/client/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate } from '../src/database/open.js'
import { sqliteDatabase } from '../src/database/sqlite.js'
import { createLaunchHistory } from '../src/nodes/launch-history.js'
import { statsOf } from '../src/nodes/stats.js'
import { endAll, type RunningServer, startServer } from './support/processes.js'

const MINUTE = 60_000
const NOW = Date.parse('2026-03-01T12:00:00.000Z')

/** A launch that ended so many milliseconds before now. */
function launch(ago: number, more: Partial<PastLaunch> = {}): PastLaunch {
  const at = (ms: number) => new Date(NOW - ago + ms).toISOString()
  const phases: PastLaunch['phases'] = more.phases ?? [{ phase: 'provisioning', duration_ms: 1000 }]
  const lasted = phases.reduce((sum, { duration_ms }) => sum + duration_ms, 0)
  return {
    node_id: `node-${ago}`,
    outcome: 'succeeded',
    started_at: at(-lasted),
    ended_at: at(0),
    ...more,
    phases,
  }
}

const stats = (launches: PastLaunch[], options: Partial<Parameters<typeof statsOf>[1]> = {}) =>
  statsOf(launches, { by: [], last: 50, now: NOW, ...options })

describe('what launches have come to', () => {
  it('is nothing where there were none', () => {
    expect(stats([])).toEqual({
      total: { launches: 0, succeeded: 0, failed: 0, terminated: 0, phases: [], causes: [] },
      groups: [],
      over_time: { bucket_seconds: 60, buckets: [] },
      last: [],
    })
  })

  it('counts how they ended, and why', () => {
    const launches = [
      launch(1),
      launch(2, { outcome: 'failed', code: 'no_capacity' }),
      launch(3, { outcome: 'failed', code: 'gated_model' }),
      launch(4, { outcome: 'failed', code: 'no_capacity' }),
      launch(5, { outcome: 'terminated' }),
    ]
    expect(stats(launches).total).toMatchObject({
      launches: 5,
      succeeded: 1,
      failed: 3,
      terminated: 1,
      causes: [
        { code: 'no_capacity', count: 2 },
        { code: 'gated_model', count: 1 },
      ],
    })
  })

  it('tells how long it took to become active, of those that did', () => {
    const launches = Array.from({ length: 100 }, (_, i) =>
      launch(i, { phases: [{ phase: 'queued', duration_ms: (i + 1) * 1000 }] }),
    )
    const failed = launch(0, { outcome: 'failed', phases: [{ phase: 'queued', duration_ms: 1 }] })
    expect(stats([failed, ...launches]).total.time_to_active).toEqual({
      count: 100,
      p50_ms: 50_000,
      p95_ms: 95_000,
    })
  })

  it('tells how long phases took that launches went on from, in the order of the phases', () => {
    const launches = [
      // It fell back to provisioning once: only what led on counts.
      launch(1, {
        phases: [
          { phase: 'instance_ready', duration_ms: 5 },
          { phase: 'provisioning', duration_ms: 70 },
          { phase: 'instance_ready', duration_ms: 6 },
        ],
      }),
      launch(2, {
        outcome: 'failed',
        phases: [
          { phase: 'provisioning', duration_ms: 30 },
          { phase: 'instance_ready', duration_ms: 900 },
        ],
      }),
    ]
    expect(stats(launches).total.phases).toEqual([
      { phase: 'provisioning', count: 2, p50_ms: 30, p95_ms: 70 },
      { phase: 'instance_ready', count: 1, p50_ms: 6, p95_ms: 6 },
    ])
  })

  it('groups by what is asked for, those of most launches first', () => {
    const launches = [
      launch(1, { provider: 'gcp', gpu: 'a100' }),
      launch(2, { provider: 'aws', gpu: 'a100' }),
      launch(3, { provider: 'aws', gpu: 'l4', outcome: 'failed', code: 'unknown' }),
      launch(4, {}),
      launch(5, { provider: 'aws', gpu: 'a100' }),
    ]
    const { groups } = stats(launches, { by: ['provider', 'gpu'] })
    expect(groups.map(({ provider, gpu, launches }) => [provider, gpu, launches])).toEqual([
      ['aws', 'a100', 2],
      ['gcp', 'a100', 1],
      ['aws', 'l4', 1],
      [undefined, undefined, 1],
    ])
    expect(groups[3]).not.toHaveProperty('provider')
  })

  it.each([
    [[0], 60, 1],
    [[30 * MINUTE, 59 * MINUTE], 60, 60],
    [[0, 90 * MINUTE], 300, 19],
    [[0, 30 * 24 * 60 * MINUTE], 86_400, 31],
    // A sender's clock may be years behind.
    [[0, 40 * 365 * 24 * 60 * MINUTE], Math.ceil((40 * 365 * 86_400) / 60), 61],
  ])('shows ends of %j ms ago in buckets of %d s, %d of them', (agos, seconds, count) => {
    const { bucket_seconds, buckets } = stats(agos.map((ago) => launch(ago))).over_time
    expect([bucket_seconds, buckets.length]).toEqual([seconds, count])
    expect(buckets.reduce((sum, { succeeded }) => sum + succeeded, 0)).toBe(agos.length)
    const times = buckets.map(({ from }) => Date.parse(from))
    expect(times.every((time, i) => i === 0 || time - (times[i - 1] ?? 0) === seconds * 1000)).toBe(
      true,
    )
    expect(times[0]).toBeLessThanOrEqual(NOW - Math.max(...agos))
  })

  it('has a place for an end in the future, by the clock of a sender that is ahead', () => {
    const { buckets } = stats([launch(-5 * MINUTE), launch(1)]).over_time
    expect(buckets.at(-1)?.succeeded).toBe(1)
  })
})

describe('the history of launches', () => {
  it('keeps the last 5,000, each once, and gives the last first', async () => {
    const database = await sqliteDatabase(':memory:')
    await migrate(database)
    const history = createLaunchHistory(database)
    const ended = Array.from({ length: 5300 }, (_, i) => {
      const { started_at, ended_at, phases } = launch(i * 1000)
      return { started_at, ended_at, phases, outcome: 'succeeded' as const }
    }).reverse()
    for (let from = 0; from < ended.length; from += 500) {
      const some = ended.slice(from, from + 500)
      await database
        .transaction()
        .execute((transaction) => history.add(transaction, 'node', { gpu: 'l4' }, some))
    }
    await database
      .transaction()
      .execute((transaction) => history.add(transaction, 'node', {}, ended.slice(-10)))
    const kept = await history.read(undefined)
    expect(kept).toHaveLength(5000)
    expect(kept[0]).toEqual({ ...launch(0), node_id: 'node', gpu: 'l4' })
    expect(kept.at(-1)?.ended_at).toBe(launch(4_999_000).ended_at)
    const since = { seconds: NOW / 1000 - 2, nanos: 0 }
    expect(await history.read(since)).toHaveLength(2)
    await database.destroy()
  })
})

describe('GET /admin/stats', () => {
  let server: RunningServer

  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(endAll)

  const ask = async (query = '') => {
    const answer = await server.fetch(`/admin/stats${query}`)
    expect(answer.status).toBe(200)
    return statsSchema.strict().parse(await answer.json()) as Stats
  }

  /** A launch of a node, sent in with times of its own, which may be of any zone. */
  async function send(id: string, about: object, entries: [string, string, string?][]) {
    await server.post('/admin/nodes', { node_id: id, ...about })
    const drafts = entries.map(([phase, timestamp, message = phase]) => ({
      ...{ phase, timestamp, message },
      ...(phase === 'failed' && { level: 'error' }),
    }))
    const answer = await server.post(`/admin/nodes/${id}/logs`, drafts)
    expect(answer.status).toBe(202)
  }

  it('tells of the launches that have come to their end, also of nodes that are gone', async () => {
    await send('well', { provider: 'gcp', region: 'us-central1', gpu: 'l4', name: 'chat' }, [
      ['queued', '2026-02-01T10:00:00Z'],
      ['provisioning', '2026-02-01T10:00:05.250Z'],
      ['active', '2026-02-01T13:02:00+02:00', 'http://10.0.0.1:8000'],
      // What comes later is not the launch's: it did succeed.
      ['failed', '2026-02-01T12:00:00Z', 'Node terminated'],
    ])
    await send('badly', { provider: 'aws', model: 'm' }, [
      ['provisioning', '2026-02-01T11:00:00Z'],
      ['failed', '2026-02-01T11:10:00Z', 'GatedRepoError: 401 Client Error.'],
      ['queued', '2026-02-01T11:20:00Z'],
      ['failed', '2026-02-01T11:21:00Z', 'Node terminated'],
    ])
    await send('on-its-way', { provider: 'aws' }, [['queued', '2026-02-01T11:00:00Z']])
    await server.fetch('/admin/nodes/badly', { method: 'DELETE' })

    const { total, groups, last } = await ask('?by=provider')
    expect(total).toMatchObject({ launches: 3, succeeded: 1, failed: 1, terminated: 1 })
    expect(groups.map(({ provider, launches }) => [provider, launches])).toEqual([
      ['aws', 2],
      ['gcp', 1],
    ])
    const [terminated, failed, succeeded] = last
    expect(succeeded).toEqual({
      ...{ node_id: 'well', name: 'chat', provider: 'gcp', region: 'us-central1', gpu: 'l4' },
      outcome: 'succeeded',
      started_at: '2026-02-01T10:00:00.000Z',
      ended_at: '2026-02-01T11:02:00.000Z',
      phases: [
        { phase: 'queued', duration_ms: 5250 },
        { phase: 'provisioning', duration_ms: 3_714_750 },
      ],
    })
    expect(failed).toMatchObject({ node_id: 'badly', model: 'm', outcome: 'failed' })
    expect(total.causes).toEqual([{ code: failed?.code, count: 1 }])
    expect(terminated).toMatchObject({
      outcome: 'terminated',
      ended_at: '2026-02-01T11:21:00.000Z',
    })
    expect(terminated).not.toHaveProperty('code')

    expect((await ask('?since=2026-02-01T11:10:00Z')).total.launches).toBe(1)
    expect((await ask('?since=1h')).total.launches).toBe(0)
    expect((await ask('?last=1')).last).toEqual([terminated])
    expect((await ask('?last=0')).last).toEqual([])
  })

  it('gives the client the same', async () => {
    const client = createClient({ baseUrl: server.url, token: server.token })
    const given = await client.getStats({ since: '3650d', by: ['gpu', 'provider'], last: 2 })
    expect(given).toEqual(await ask('?since=3650d&by=gpu,provider&last=2'))
  })

  it.each([
    ['since=yesterday', "invalid 'since' timestamp format"],
    ['by=provider,colour', "invalid 'by' value"],
    ['by=', "invalid 'by' value"],
    ['last=201', "invalid 'last' value"],
    ['last=-1', "invalid 'last' value"],
    ['last=1&last=2', "'last' is given more than once with different values"],
  ])('refuses %s', async (query, message) => {
    const answer = await server.fetch(`/admin/stats?${query}`)
    expect([answer.status, await answer.json()]).toEqual([400, { error: { message } }])
  })

  it('needs the token', async () => {
    const answer = await fetch(`${server.url}/admin/stats`)
    expect([answer.status, await answer.json()]).toEqual([
      401,
      { error: { message: 'missing admin token' } },
    ])
  })
})
