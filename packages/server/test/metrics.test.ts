import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dashboard } from '../../../scripts/dashboard.js'
import { unhealthyEntry } from '../src/logs/health-entry.js'
import { METRICS } from '../src/metrics/metrics.js'
import { newNode } from './support/nodes.js'
import {
  endAll,
  type RunningServer,
  startServer,
  TOKEN,
  temporaryFolder,
  until,
} from './support/processes.js'
import { PROMTOOL, promtool } from './support/promtool.js'
import { openStream } from './support/stream.js'

const integrations = new URL('../../../integrations/', import.meta.url)
const AUTH = { 'X-Admin-Token': TOKEN }

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

async function metricsOf(of = server): Promise<string> {
  return (await of.fetch('/metrics')).text()
}

/** The value of one series, as it stands in the text; undefined if it is not there. */
async function seriesValue(series: string, of = server): Promise<number | undefined> {
  const line = (await metricsOf(of)).split('\n').find((one) => one.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

async function nodeOf(provider: string): Promise<string> {
  const answer = await server.post('/admin/nodes', { provider, gpu: 'A100', model: 'tiny' })
  return ((await answer.json()) as { node_id: string }).node_id
}

function launchOf(start: number, end: object): object[] {
  const at = (seconds: number) => new Date(start + seconds * 1000).toISOString()
  return [
    { message: 'Waiting', phase: 'queued', timestamp: at(0) },
    { message: 'Provisioning', phase: 'provisioning', timestamp: at(20) },
    { message: 'Loading', phase: 'model_loading', timestamp: at(60) },
    { ...end, timestamp: at(100) },
  ]
}

describe('the metrics of launches', () => {
  it('count each end once, with its cause, and how long it and its phases took', async () => {
    const start = Date.now() - 200_000
    const good = await nodeOf('gcp')
    const active = { message: 'Serving', phase: 'active' }
    expect((await server.post(`/admin/nodes/${good}/logs`, launchOf(start, active))).ok).toBe(true)
    const bad = await nodeOf('gcp')
    const failed = { message: 'InsufficientInstanceCapacity', phase: 'failed', level: 'error' }
    expect((await server.post(`/admin/nodes/${bad}/logs`, launchOf(start, failed))).ok).toBe(true)
    const series = (outcome: string, cause: string) =>
      `launchtail_launches_total{outcome="${outcome}",cause="${cause}",provider="gcp"}`
    await until(
      'both to be counted',
      async () => (await seriesValue(series('succeeded', 'none'))) === 1,
    )
    await until(
      'the failure',
      async () => (await seriesValue(series('failed', 'no_capacity'))) === 1,
    )
    expect(await seriesValue('launchtail_launches_ended_total{outcome="succeeded"}')).toBe(1)
    expect(await seriesValue('launchtail_launches_ended_total{outcome="terminated"}')).toBe(0)

    const text = await metricsOf()
    expect(text).toContain('launchtail_time_to_active_seconds_sum{provider="gcp"} 100\n')
    expect(text).toContain('launchtail_time_to_active_seconds_bucket{provider="gcp",le="60"} 0\n')
    expect(text).toContain('launchtail_time_to_active_seconds_bucket{provider="gcp",le="120"} 1\n')
    expect(text).toContain('launchtail_time_to_active_seconds_bucket{provider="gcp",le="+Inf"} 1\n')
    // The failed one completed two phases, and the other one three.
    expect(text).toContain('launchtail_phase_duration_seconds_count{phase="queued"} 2\n')
    expect(text).toContain('launchtail_phase_duration_seconds_sum{phase="queued"} 40\n')
    expect(text).toContain('launchtail_phase_duration_seconds_count{phase="model_loading"} 1\n')

    // A mark of what is known already ends nothing a second time.
    await server.post(`/admin/nodes/${bad}/status`, { status: 'failed' })
    await server.fetch(`/admin/nodes/${bad}`)
    expect(await seriesValue(series('failed', 'no_capacity'))).toBe(1)
  })

  it('count no second end of a launch, such as the failure of an active node', async () => {
    const dataDir = await temporaryFolder()
    const first = await startServer({ dataDir })
    const id = await newNode(first)
    await first.post(`/admin/nodes/${id}/logs`, { message: 'up', phase: 'active' })
    const ended = (outcome: string) => `launchtail_launches_ended_total{outcome="${outcome}"}`
    await first.fetch(`/admin/nodes/${id}`)
    expect(await seriesValue(ended('succeeded'), first)).toBe(1)
    await first.stop()
    // Another process, which has not counted the first end.
    const second = await startServer({ dataDir })
    const failed = { message: 'down', phase: 'failed', level: 'error' }
    await second.post(`/admin/nodes/${id}/logs`, failed)
    const node = await (await second.fetch(`/admin/nodes/${id}`)).json()
    expect(node).toMatchObject({ status: 'failed' })
    expect(await seriesValue(ended('failed'), second)).toBe(0)
  })

  it('name no provider that does not look like one', async () => {
    const id = await nodeOf('My "own" cloud\\')
    const failed = { message: 'x', phase: 'failed', level: 'error' }
    await server.post(`/admin/nodes/${id}/logs`, launchOf(Date.now(), failed))
    const text = await until('it to be counted', async () => {
      const metrics = await metricsOf()
      return metrics.includes('provider="other"') && metrics
    })
    expect(text).toContain('outcome="failed",cause="unknown",provider="other"} 1\n')
    expect(text).not.toContain('cloud')
  })

  it('name so many providers, whatever nodes are said to be from', async () => {
    const own = await startServer()
    for (let i = 0; i < 60; i += 1) {
      const answer = await own.post('/admin/nodes', { provider: `cloud-${i}` })
      const { node_id: id } = (await answer.json()) as { node_id: string }
      await own.post(`/admin/nodes/${id}/logs`, { message: 'x', phase: 'failed' })
      await own.fetch(`/admin/nodes/${id}`)
    }
    const series = (await metricsOf(own)).match(/^launchtail_launches_total\{.*$/gm) ?? []
    expect(series.filter((one) => one.includes('provider="cloud-'))).toHaveLength(50)
    expect(series.filter((one) => one.includes('provider="other"'))).toEqual([
      expect.stringMatching(/ 10$/),
    ])
  })

  it('show the nodes by status, and those that are launching by phase', async () => {
    const own = await startServer()
    const [first, second, third] = [await newNode(own), await newNode(own), await newNode(own)]
    await own.post(`/admin/nodes/${first}/logs`, { message: 'x', phase: 'installing' })
    await own.post(`/admin/nodes/${second}/logs`, { message: 'x', phase: 'active' })
    await own.post(`/admin/nodes/${third}/logs`, { message: 'x', phase: 'active' })
    const unhealthy = unhealthyEntry({ since: new Date(), reason: '/health answers 503' })
    for (const id of [first, third]) await own.post(`/admin/nodes/${id}/logs`, unhealthy)
    await own.fetch('/admin/nodes')
    expect(await seriesValue('launchtail_nodes{status="launching"}', own)).toBe(1)
    expect(await seriesValue('launchtail_nodes{status="active"}', own)).toBe(2)
    expect(await seriesValue('launchtail_unhealthy_nodes', own)).toBe(1)
    expect(await seriesValue('launchtail_launching_nodes{phase="installing"}', own)).toBe(1)
    expect(await seriesValue('launchtail_stalled_nodes', own)).toBe(0)
    expect(await seriesValue('launchtail_leases', own)).toBe(0)
  })
})

describe('the metrics of streams', () => {
  it('count resumes, gaps and streams that were ended early, and time writes', async () => {
    const own = await startServer({ env: { LAUNCHTAIL_STREAM_TIMEOUT: '1s' } })
    const id = await newNode(own)
    await own.post(`/admin/nodes/${id}/logs`, { message: 'one' })
    const url = `${own.url}/admin/nodes/${id}/logs/stream`
    const stream = await openStream(url, AUTH)
    await stream.event('the first', ({ event }) => event === 'log')
    await own.post(`/admin/nodes/${id}/logs`, { message: 'two' })
    await until('the second', () => stream.messages().length === 2)
    expect(await seriesValue('launchtail_append_to_write_seconds_count', own)).toBeGreaterThan(0)
    const seconds = (await seriesValue('launchtail_append_to_write_seconds_sum', own)) as number
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThan(2)
    await stream.ended
    await until('the rotation to be counted', async () =>
      Boolean(await seriesValue('launchtail_stream_cuts_total{reason="rotated"}', own)),
    )
    expect(await seriesValue('launchtail_stream_resumes_total', own)).toBe(0)
    await openStream(url, { ...AUTH, 'Last-Event-ID': stream.lastId() })
    expect(await seriesValue('launchtail_stream_resumes_total', own)).toBe(1)
    expect(await seriesValue('launchtail_stream_gaps_total{reason="unknown"}', own)).toBe(0)
    await openStream(url, { ...AUTH, 'Last-Event-ID': 'nonsense' })
    expect(await seriesValue('launchtail_stream_gaps_total{reason="unknown"}', own)).toBe(1)
    await openStream(`${own.url}/admin/logs/stream`, { ...AUTH, 'Last-Event-ID': 'nonsense' })
    expect(await seriesValue('launchtail_stream_gaps_total{reason="unknown"}', own)).toBe(2)
  })
})

describe('the metrics of requests', () => {
  it('count refusals by status, those of the parser too', async () => {
    const before =
      (await seriesValue('launchtail_refusals_total{status="401",reason="token"}')) ?? 0
    await fetch(`${server.url}/admin/nodes`)
    await server.fetch('/admin/nodes/nobody')
    expect(await seriesValue('launchtail_refusals_total{status="401",reason="token"}')).toBe(
      before + 1,
    )
    expect(
      await seriesValue('launchtail_refusals_total{status="404",reason="not_found"}'),
    ).toBeGreaterThan(0)
    await server.fetch('/', { headers: { long: 'x'.repeat(20_000) } })
    expect(
      await seriesValue('launchtail_refusals_total{status="431",reason="headers_too_large"}'),
    ).toBe(1)
  })

  it('count the texts in which a secret was masked, and show no secret, id or model', async () => {
    const before = (await seriesValue('launchtail_redactions_total')) ?? 0
    const secret = 'hf_abcdefghijklmnopqrstuvwxyz0123456789'
    const answer = await server.post('/admin/nodes', { provider: secret, model: 'secret-model' })
    const { node_id: id } = (await answer.json()) as { node_id: string }
    await server.post(`/admin/nodes/${id}/logs`, [
      { message: `token ${secret}` },
      { message: 'nothing to hide' },
      { message: 'gone', phase: 'failed' },
    ])
    await until('the end to be counted', async () => {
      await server.fetch(`/admin/nodes/${id}`)
      return (await metricsOf()).includes('provider="other"')
    })
    const text = await metricsOf()
    // The message and the provider.
    expect(await seriesValue('launchtail_redactions_total')).toBe(before + 2)
    for (const hidden of [secret, secret.slice(3), id, 'secret-model', TOKEN]) {
      expect(text).not.toContain(hidden)
    }
  })
})

describe.skipIf(!PROMTOOL)('promtool (skipped where Debian’s prometheus cannot be had)', () => {
  const rules = fileURLToPath(new URL('prometheus/alerts.yml', integrations))

  it('finds nothing wrong with the metrics', async () => {
    const text = await metricsOf()
    const ours = text.split('\n').filter((line) => /^(?:# (?:HELP|TYPE) )?launchtail_/.test(line))
    expect(ours.length).toBeGreaterThan(METRICS.length * 2)
    expect(await promtool(['check', 'metrics'], `${ours.join('\n')}\n`)).toEqual({
      code: 0,
      said: '',
    })
    // The library's own: it names some of them otherwise than promtool likes, and they parse.
    const { said } = await promtool(['check', 'metrics'], text)
    expect(said).not.toMatch(/error while linting|launchtail_/)
  })

  it('finds nothing wrong with the alerts, which fire when they should', async () => {
    expect(await promtool(['check', 'rules', rules])).toMatchObject({ code: 0 })
    const tests = fileURLToPath(new URL('prometheus/alerts.test.yml', integrations))
    const { code, said } = await promtool(['test', 'rules', tests])
    expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('SUCCESS') })
    const config = fileURLToPath(new URL('prometheus/prometheus.yml', integrations))
    expect(await promtool(['check', 'config', config])).toMatchObject({ code: 0 })
  })

  it('can read every query of the dashboard', async () => {
    const queries = queriesOfDashboard().map((expr) =>
      expr.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '6h'),
    )
    const file = join(await temporaryFolder(), 'queries.yml')
    const recorded = queries.map((expr, n) => ({ record: `query:${n}`, expr }))
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: recorded }] }))
    expect(await promtool(['check', 'rules', file])).toMatchObject({ code: 0 })
  })
})

it('the dashboard and the alerts ask only for metrics that the server shows', async () => {
  const text = await metricsOf()
  const alerts = await readFile(new URL('prometheus/alerts.yml', integrations), 'utf8')
  const used = [...queriesOfDashboard(), alerts].join('\n')
  const named = used.match(/\b(?:launchtail|process|nodejs)_[a-z0-9_]+/g) ?? []
  expect(new Set(named).size).toBeGreaterThan(15)
  const shown = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
  for (const name of named) {
    const base = name.replace(/_(?:bucket|sum|count)$/, '')
    expect(shown.has(name) || shown.has(base), `${name} is shown`).toBe(true)
  }
})

it('every metric is in the dashboard, or has a reason not to be', () => {
  const used = queriesOfDashboard().join('\n')
  const missing = METRICS.map(({ name }) => name).filter((name) => !used.includes(name))
  expect(missing).toEqual([
    'launchtail_build_info',
    // There is an alert.
    'launchtail_workers',
    'launchtail_worker_restarts_total',
    'launchtail_nodes',
  ])
})

function queriesOfDashboard(): string[] {
  const { panels } = dashboard() as { panels: { targets: { expr: string }[] }[] }
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
}
