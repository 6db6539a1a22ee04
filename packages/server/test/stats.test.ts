import { createClient, type PastLaunch, type Stats } from '@launchtail/client'
import { statsSchema } from '@launchtail/client/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLaunchHistory } from '../src/nodes/launch-history.js'
import type { Instance } from '../src/nodes/spending/instance.js'
import { type CountedLaunch, fromRow } from '../src/nodes/statistics/counted-launch.js'
import { createPastLaunches } from '../src/nodes/statistics/past-launches.js'
import { statisticsOf } from '../src/nodes/statistics/statistics.js'
import { endAll, type RunningServer, startServer } from './support/processes.js'
import { newRecords } from './support/records.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
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

const MACHINE: Instance = {
  ...{ number: 1, price: undefined, up: undefined, down: undefined, reported: undefined },
}

type Options = Parameters<typeof statisticsOf>[1]

const stats = (launches: PastLaunch[], options: Partial<Options> = {}) =>
  statisticsOf(launches.map(toCounted), { by: [], last: 50, until: NOW, now: NOW, ...options })

function toCounted({ use_spot, phases, ...launch }: PastLaunch): CountedLaunch {
  const absent = { name: null, provider: null, region: null, gpu: null, model: null }
  const row = {
    ...{ ...absent, cluster_name: null, code: null, lost_at: null, change: 0 },
    ...launch,
    spot: use_spot ? 1 : 0,
    phases: JSON.stringify(phases),
  }
  return fromRow(row as Parameters<typeof fromRow>[0], (kind) => kind)
}

describe('what launches have come to', () => {
  it('is nothing where there were none', async () => {
    expect(await stats([])).toEqual({
      total: {
        launches: 0,
        succeeded: 0,
        failed: 0,
        terminated: 0,
        phases: [],
        causes: [],
        unpriced: 0,
      },
      groups: [],
      series: { bucket_seconds: 60, buckets: [] },
      capacity: [],
      last: [],
    })
  })

  it('counts how they ended, and why, with an example', async () => {
    const launches = [
      launch(1),
      launch(2, { outcome: 'failed', code: 'no_capacity' }),
      launch(3, { outcome: 'failed', code: 'gated_model' }),
      launch(4, { outcome: 'failed', code: 'no_capacity' }),
      launch(5, { outcome: 'terminated' }),
    ]
    expect((await stats(launches)).total).toMatchObject({
      launches: 5,
      succeeded: 1,
      failed: 3,
      terminated: 1,
      success_rate: 0.25,
      causes: [
        { code: 'no_capacity', count: 2, share: 0.6667, last_node_id: 'node-2' },
        { code: 'gated_model', count: 1, share: 0.3333, last_node_id: 'node-3' },
      ],
    })
  })

  it('says what they have cost, by group and by day, as far as prices are known', async () => {
    const priced = (hours: number, owner: string, instance: Partial<Instance>) => ({
      ...toCounted(launch(hours * HOUR, { owner })),
      instances: [{ ...MACHINE, ...instance }],
    })
    const launches = [
      priced(0.5, 'bob', { price: 4, up: NOW - HOUR }),
      priced(29.5, 'alice', { price: 2, up: NOW - 30 * HOUR, down: NOW - 2 * HOUR }),
      priced(29.6, 'carol', { up: NOW - 30 * HOUR }),
      toCounted(launch(29.7 * HOUR, { owner: 'carol' })),
    ]
    const options = { by: ['owner'] as const, last: 4, until: NOW, now: NOW, bucket: 86_400 }
    const { total, groups, series, last } = await statisticsOf(launches, options)
    expect(total).toMatchObject({ spent: 60, unpriced: 2 })
    expect(groups.map(({ owner, spent, unpriced }) => [owner, spent, unpriced])).toEqual([
      ['carol', undefined, 2],
      ['bob', 4, 0],
      ['alice', 56, 0],
    ])
    expect(series.buckets.map(({ from, spent }) => [from.slice(0, 10), spent])).toEqual([
      ['2026-02-28', 36],
      ['2026-03-01', 24],
    ])
    expect(last.map(({ spent }) => spent)).toEqual([4, 56, undefined, undefined])
  })

  it('has what was spent before the first bucket in that', async () => {
    const machine = { ...MACHINE, price: 1, up: NOW - 3 * HOUR }
    const launches = [{ ...toCounted(launch(MINUTE)), instances: [machine] }]
    const { series } = await statisticsOf(launches, { by: [], last: 0, until: NOW, now: NOW })
    expect(series.buckets.reduce((sum, { spent = 0 }) => sum + spent, 0)).toBeCloseTo(3, 3)
  })

  it('tells how long it took to become active, of those that did', async () => {
    const launches = Array.from({ length: 100 }, (_, i) =>
      launch(i, { phases: [{ phase: 'queued', duration_ms: (i + 1) * 1000 }] }),
    )
    const failed = launch(0, { outcome: 'failed', phases: [{ phase: 'queued', duration_ms: 1 }] })
    const time = (await stats([failed, ...launches])).total.time_to_active
    expect(time?.count).toBe(100)
    expect(Math.abs((time?.p50_ms ?? 0) - 50_000)).toBeLessThanOrEqual(500)
    expect(Math.abs((time?.p95_ms ?? 0) - 95_000)).toBeLessThanOrEqual(950)
  })

  it('tells how long phases took that launches went on from, in the order of the phases', async () => {
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
    expect((await stats(launches)).total.phases).toEqual([
      { phase: 'provisioning', count: 2, p50_ms: 30, p95_ms: 70 },
      { phase: 'instance_ready', count: 1, p50_ms: 6, p95_ms: 6 },
    ])
  })

  it('groups by what is asked for, those of most launches first', async () => {
    const launches = [
      launch(1, { provider: 'gcp', gpu: 'a100' }),
      launch(2, { provider: 'aws', gpu: 'a100' }),
      launch(3, { provider: 'aws', gpu: 'l4', outcome: 'failed', code: 'unknown' }),
      launch(4, {}),
      launch(5, { provider: 'aws', gpu: 'a100' }),
    ]
    const { groups } = await stats(launches, { by: ['provider', 'gpu'] })
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
  ])('shows ends of %j ms ago in buckets of %d s, %d of them', async (agos, seconds, count) => {
    const { bucket_seconds, buckets } = (await stats(agos.map((ago) => launch(ago)))).series
    expect([bucket_seconds, buckets.length]).toEqual([seconds, count])
    expect(buckets.reduce((sum, { succeeded }) => sum + succeeded, 0)).toBe(agos.length)
    const times = buckets.map(({ from }) => Date.parse(from))
    expect(times.every((time, i) => i === 0 || time - (times[i - 1] ?? 0) === seconds * 1000)).toBe(
      true,
    )
    expect(times[0]).toBeLessThanOrEqual(NOW - Math.max(...agos))
  })

  it('has a place for an end in the future, by the clock of a sender that is ahead', async () => {
    const { buckets } = (await stats([launch(-5 * MINUTE), launch(1)])).series
    expect(buckets.at(-1)?.succeeded).toBe(1)
  })
})

describe('what launches have come to in detail', () => {
  it('has buckets of the length that is asked for, with the time to active in each', async () => {
    const launches = [
      launch(10 * MINUTE, { phases: [{ phase: 'queued', duration_ms: 90_000 }] }),
      launch(130 * MINUTE, { outcome: 'failed', code: 'unknown' }),
    ]
    const { bucket_seconds, buckets } = (await stats(launches, { bucket: 3600 })).series
    expect(bucket_seconds).toBe(3600)
    expect(buckets).toEqual([
      { from: '2026-03-01T09:00:00.000Z', succeeded: 0, failed: 1, terminated: 0 },
      { from: '2026-03-01T10:00:00.000Z', succeeded: 0, failed: 0, terminated: 0 },
      {
        ...{ from: '2026-03-01T11:00:00.000Z', succeeded: 1, failed: 0, terminated: 0 },
        time_to_active: { count: 1, p50_ms: 90_000, p95_ms: 90_000 },
      },
      { from: '2026-03-01T12:00:00.000Z', succeeded: 0, failed: 0, terminated: 0 },
    ])
  })

  it('makes buckets longer where there would be more than 5,000', async () => {
    const year = 365 * 24 * 60 * MINUTE
    const { series } = await stats([launch(0), launch(year)], { bucket: 60 })
    expect(series.bucket_seconds % 60).toBe(0)
    expect(series.buckets.length).toBeLessThanOrEqual(5001)
    expect(series.buckets.length).toBeGreaterThan(4900)
  })

  it('tells where and at which hours capacity was missing', async () => {
    const place = { provider: 'aws', region: 'us-west-2' }
    const failed = { outcome: 'failed', code: 'no_capacity' } as const
    const { capacity } = await stats([
      launch(0, { ...place, ...failed }),
      launch(1, { ...place, ...failed }),
      launch(2, place),
      launch(3, { provider: 'gcp', region: 'us-central1' }),
      launch(4, { provider: 'gcp', region: 'europe-west4', ...failed }),
    ])
    expect(capacity.map(({ provider, region }) => `${provider} ${region}`)).toEqual([
      'aws us-west-2',
      'gcp europe-west4',
    ])
    // The first ended at noon, the others just before it.
    expect([capacity[0]?.failed[12], capacity[0]?.failed[11]]).toEqual([1, 1])
    expect([capacity[0]?.launches[12], capacity[0]?.launches[11]]).toEqual([1, 2])
  })

  it('counts the spot instances that were lost, and how long they had been active', async () => {
    const spot = { use_spot: true }
    const lostAfter = (ago: number, minutes: number) => ({
      ...spot,
      lost_at: new Date(NOW - ago + minutes * MINUTE).toISOString(),
    })
    const { total, groups, last } = await stats(
      [
        launch(1, lostAfter(1, 30)),
        launch(2, lostAfter(2, 10)),
        launch(3, lostAfter(3, 50)),
        launch(4, spot),
        launch(5, { ...spot, outcome: 'failed', code: 'preempted' }),
        launch(6),
      ],
      { by: ['spot'] },
    )
    expect(total.spot).toMatchObject({ launches: 5, lost: 4 })
    const life = total.spot?.median_life_ms ?? 0
    expect(Math.abs(life - 30 * MINUTE)).toBeLessThanOrEqual(0.01 * 30 * MINUTE)
    expect(groups.map(({ use_spot, launches }) => [use_spot, launches])).toEqual([
      [true, 5],
      [false, 1],
    ])
    expect(groups[1]).not.toHaveProperty('spot')
    expect(last[0]).toEqual(launch(1, lostAfter(1, 30)))
  })
})

describe('the history of launches', () => {
  it('keeps the newest, each once, and reads what has changed', async () => {
    const database = await newRecords()
    const history = createLaunchHistory({ kept: 1000 })
    const ended = Array.from({ length: 1300 }, (_, i) => {
      const { started_at, ended_at, phases } = launch(i * 1000)
      return { started_at, ended_at, phases, outcome: 'succeeded' as const }
    }).reverse()
    const about = { gpu: 'l4', cluster_name: 'cic-1', use_spot: true }
    const add = (some: typeof ended) =>
      database.transaction().execute((transaction) => history.add(transaction, 'node', about, some))
    for (let from = 0; from < ended.length; from += 100) await add(ended.slice(from, from + 100))
    await add(ended.slice(-10))
    const read: number[] = []
    const past = createPastLaunches({ database, kept: 1000, onRead: (rows) => read.push(rows) })
    const kept = await past.read()
    expect(kept).toHaveLength(1000)
    expect(kept[0]).toMatchObject({ nodeId: 'node', clusterName: 'cic-1', endedAt: NOW })
    expect(kept[0]?.kind).toMatchObject({ gpu: 'l4', spot: true, outcome: 'succeeded' })
    expect(kept[0]?.kind).toBe(kept[999]?.kind)
    expect(kept.at(-1)?.endedAt).toBe(NOW - 999_000)

    read.length = 0
    const [newest, lost] = [launch(-1000), ended.at(-1)]
    await add([{ ...newest, outcome: 'succeeded' }])
    await database.transaction().execute(async (transaction) => {
      const losses = [{ started_at: lost?.started_at ?? '', lost_at: newest.ended_at }]
      await history.lose(transaction, 'node', losses)
      await history.lose(transaction, 'node', losses)
    })
    const [first, second, ...others] = await past.read()
    expect(read).toEqual([2])
    expect([first?.endedAt, first?.lostAt]).toEqual([NOW + 1000, undefined])
    expect([second?.endedAt, second?.lostAt]).toEqual([NOW, NOW + 1000])
    expect(others).toHaveLength(998)
    // Another process, or this one after a crash, reads the same.
    const again = await createPastLaunches({ database, kept: 1000 }).read()
    expect(again).toEqual([first, second, ...others])
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
    expect(total.causes).toEqual([
      { code: failed?.code, count: 1, share: 1, last_node_id: 'badly' },
    ])
    expect(terminated).toMatchObject({
      outcome: 'terminated',
      ended_at: '2026-02-01T11:21:00.000Z',
    })
    expect(terminated).not.toHaveProperty('code')

    expect((await ask('?since=2026-02-01T11:10:00Z')).total.launches).toBe(1)
    expect((await ask('?since=1h')).total.launches).toBe(0)
    expect((await ask('?last=1')).last).toEqual([terminated])
    expect((await ask('?last=0')).last).toEqual([])
    expect((await ask('?until=2026-02-01T11:02:00Z')).total.launches).toBe(1)
    expect((await ask('?bucket=1d')).series.bucket_seconds).toBe(86_400)

    const found = async (q: string) =>
      (await ask(`?q=${encodeURIComponent(q)}`)).last.map(({ node_id, outcome }) => [
        node_id,
        outcome,
      ])
    expect(await found('provider:gcp')).toEqual([['well', 'succeeded']])
    expect(await found('status:active')).toEqual([['well', 'succeeded']])
    expect(await found('cause:*')).toEqual([['badly', 'failed']])
    expect(await found('-status:active timestamp:>2026-02-01T11:15:00Z')).toEqual([
      ['badly', 'terminated'],
    ])
    expect(await found('cha OR node:nobody')).toEqual([['well', 'succeeded']])
  })

  it('counts a spot instance that is preempted after its launch, and one of a job', async () => {
    const spot = { provider: 'aws', region: 'eu-north-1', use_spot: true }
    await send('lost', spot, [
      ['queued', '2026-02-02T10:00:00Z'],
      ['active', '2026-02-02T10:05:00Z'],
    ])
    await server.post('/admin/nodes/lost/logs', {
      ...{ phase: 'failed', level: 'error', timestamp: '2026-02-02T11:05:00Z' },
      ...{ message: 'The instance was preempted', details: 'cause: preempted' },
    })
    await send('job', spot, [
      ['queued', '2026-02-02T10:00:00Z'],
      ['active', '2026-02-02T10:05:00Z'],
    ])
    await server.post('/admin/nodes/job/logs', [
      {
        ...{ level: 'warn', timestamp: '2026-02-02T11:05:00Z' },
        ...{ message: 'Preempted; recovering, attempt 2', details: 'attempt: 2' },
      },
      { phase: 'provisioning', message: 'again', timestamp: '2026-02-02T11:06:00Z' },
    ])
    await send('kept', spot, [
      ['queued', '2026-02-02T10:00:00Z'],
      ['active', '2026-02-02T10:05:00Z'],
      ['failed', '2026-02-02T12:00:00Z', 'Node terminated'],
    ])
    const { total, last } = await ask('?q=region:eu-north-1')
    expect(total.spot).toEqual({ launches: 3, lost: 2, median_life_ms: 3_600_000 })
    expect(
      last
        .filter(({ lost_at }) => lost_at)
        .map(({ node_id }) => node_id)
        .sort(),
    ).toEqual(['job', 'lost'])
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
    ['until=tomorrow', "invalid 'until' timestamp format"],
    ['bucket=0s', "invalid 'bucket' value"],
    ['q=level:error', "'level' is a field of entries, and launches have none"],
    ['q=progress:>50', "'progress' is a field of entries, and launches have none"],
    [
      'q=(gpu:L4',
      'column 1: this bracket is never closed; add a ) at the end, or put it in quotes',
    ],
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
