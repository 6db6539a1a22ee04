import type { Stats, StatsGroup } from '@launchtail/client'
import { expect, it } from 'vitest'
import { openSqlite } from '../src/sqlite.js'
import { type RunningServer, startServer, temporaryFolder, until } from './support/processes.js'
import {
  exactPercentile,
  type SimulatedLaunch,
  simulateLaunches,
} from './support/simulated-launches.js'

const LAUNCHES = simulateLaunches({ nodes: 100, each: 100 })

it('agree with exact figures, and are the same after kill -9 and after a rebuild', {
  timeout: 180_000,
}, async () => {
  const dataDir = await temporaryFolder()
  let server = await startServer({ dataDir })
  for (const [node] of LAUNCHES) await server.post('/admin/nodes', node?.node)
  const half = LAUNCHES.length / 2
  for (const ofNode of LAUNCHES.slice(0, half)) await send(server, ofNode)
  const interrupted = LAUNCHES.slice(half, half + 8)
  const sending = interrupted.map((ofNode) => send(server, ofNode).catch(() => {}))
  await Promise.race(sending)
  await server.kill()
  await Promise.all(sending)
  server = await startServer({ dataDir })
  for (const ofNode of LAUNCHES.slice(half)) await send(server, ofNode)

  const all = LAUNCHES.flat()
  const told = await complete(server)
  expectToAgree(told.total, all)
  expect(told.groups.map(({ provider, launches }) => [provider, launches]).sort()).toEqual([
    ['aws', 4000],
    ['azure', 2000],
    ['gcp', 4000],
  ])
  for (const group of told.groups) {
    expectToAgree(
      group,
      all.filter(({ node }) => node.provider === group.provider),
    )
  }
  const spotless = all.filter(({ node, code }) => !node.use_spot && code !== 'disk_full')
  expectToAgree((await ask(server, 'q=-spot:true -cause:disk_full')).total, spotless)
  const one = all.filter(({ node }) => node.node_id === 'simulated-7')
  expectToAgree((await ask(server, 'q=node:=simulated-7')).total, one)
  expectSeries(told.series.buckets, all)

  const times: number[] = []
  for (let i = 0; i < 20; i += 1) {
    const begun = performance.now()
    await ask(server, 'by=provider,region,gpu')
    times.push(performance.now() - begun)
  }
  console.info(`10,000 launches by 3 fields: ${exactPercentile(times, 50).toFixed(1)} ms`)

  await server.kill()
  server = await startServer({ dataDir })
  expect(await complete(server)).toEqual(told)

  await server.kill()
  await forget(dataDir)
  server = await startServer({ dataDir })
  expect(await complete(server)).toEqual(told)
})

/** Sends a node's launches in, again where the server is busy. They are stored once. */
async function send(server: RunningServer, launches: readonly SimulatedLaunch[]): Promise<void> {
  const id = launches[0]?.node.node_id
  const entries = launches.flatMap((launch) => launch.entries)
  const headers = { 'Idempotency-Key': `launches-of-${id}` }
  await until(`the launches of ${id} to be taken`, async () => {
    const answer = await server.post(`/admin/nodes/${id}/logs`, entries, headers)
    expect([202, 409, 503]).toContain(answer.status)
    return answer.status === 202
  })
}

async function ask(server: RunningServer, query: string): Promise<Stats> {
  const answer = await server.fetch(`/admin/stats?${query.replaceAll(' ', '%20')}`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as Stats
}

/** The statistics of all launches. Records that were behind their lists have caught up by then. */
function complete(server: RunningServer): Promise<Stats> {
  const until_ = new Date(Math.max(...LAUNCHES.flat().map(({ endedAt }) => endedAt))).toISOString()
  return until(
    'all launches to be counted',
    async () => {
      const stats = await ask(server, `by=provider&bucket=1d&last=200&until=${until_}`)
      return stats.total.launches === LAUNCHES.flat().length && stats
    },
    60_000,
  )
}

/** All that is derived of the launches' lists. */
async function forget(dataDir: string): Promise<void> {
  const records = await openSqlite(`${dataDir}/records.db`)
  records.exec('delete from launch_history; delete from phases; update nodes set folded = 0')
  records.close()
}

function expectToAgree(group: StatsGroup, launches: readonly SimulatedLaunch[]): void {
  const counted = (outcome: string) => launches.filter((one) => one.outcome === outcome).length
  const [succeeded, failed] = [counted('succeeded'), counted('failed')]
  expect(group).toMatchObject({
    ...{ launches: launches.length, succeeded, failed, terminated: counted('terminated') },
    success_rate: Math.round((10_000 * succeeded) / (succeeded + failed)) / 10_000,
  })
  for (const { code, count } of group.causes) {
    expect(count).toBe(launches.filter((launch) => launch.code === code).length)
  }
  expect(group.causes.reduce((sum, { count }) => sum + count, 0)).toBe(failed)
  const active = launches.filter(({ outcome }) => outcome === 'succeeded')
  expectSpread(
    group.time_to_active,
    active.map(({ took }) => took),
  )
  const completed = launches.flatMap((launch) => launch.completed)
  expect(group.phases.length).toBe(new Set(completed.map(({ phase }) => phase)).size)
  for (const { phase, ...spread } of group.phases) {
    expectSpread(
      spread,
      completed.filter((one) => one.phase === phase).map(({ ms }) => ms),
    )
  }
}

function expectSpread(spread: StatsGroup['time_to_active'], values: readonly number[]): void {
  expect(spread?.count).toBe(values.length)
  for (const [told = Number.NaN, percent] of [
    [spread?.p50_ms, 50],
    [spread?.p95_ms, 95],
  ] as const) {
    const exact = exactPercentile(values, percent)
    expect(Math.abs(told - exact) / exact).toBeLessThanOrEqual(0.025)
  }
}

function expectSeries(
  buckets: Stats['series']['buckets'],
  launches: readonly SimulatedLaunch[],
): void {
  for (const { from, succeeded, time_to_active } of buckets) {
    const begin = Date.parse(from)
    const inBucket = launches.filter(
      ({ endedAt, outcome }) =>
        outcome === 'succeeded' && endedAt >= begin && endedAt < begin + 86_400_000,
    )
    expect(succeeded).toBe(inBucket.length)
    if (succeeded > 0)
      expectSpread(
        time_to_active,
        inBucket.map(({ took }) => took),
      )
  }
}
