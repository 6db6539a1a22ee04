import type { LogEntry } from '@launchtail/client/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Database } from '../src/database/open.js'
import { skypilotLauncher } from '../src/launch/skypilot/api/launcher.js'
import { skyCommandLauncher } from '../src/launch/skypilot/cli/launcher.js'
import { pruneInstances } from '../src/nodes/spending/prune-instances.js'
import { plain, plainOutOfMemory } from './support/launch-scenarios.js'
import { removeFolder, type ServerOptions, temporaryFolder, waitFor } from './support/launching.js'
import { priced, table } from './support/priced.js'
import { skyOnPath } from './support/sky-double.js'
import { type Scenario, type Step, startDouble } from './support/skypilot-double.js'
import { active, failed, REQUEST, serving, terminated, withBudget } from './support/spending.js'

const HOUR = 3_600_000

test('a managed job that SkyPilot recovers costs nothing in between, and then what it did before', async () => {
  const api = await startDouble({
    scenario: () =>
      priced('2.00', {
        request: [],
        job: [...jobOutput('a'), { gate: 'lost' }, { read: true }, { lost: true }],
        noticed: [{ gate: 'noticed' }],
        recovered: [[{ gate: 'recovers' }, ...jobOutput('b')]],
      }),
  })
  onTestFinished(() => api.close())
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  const launcher = skypilotLauncher({
    ...{ endpoint: api.url, http: { poll: 20 }, launchTimeout: 20_000 },
    versions: { vllm: '1', uv: '1', python: '3' },
    pace: {
      ...{ status: 40, cluster: 100, endpoint: 100, steps: 300, first: 20, longest: 150 },
      ...{ grace: 1000, quiet: 50, settle: 100, cleanup: 5000 },
    },
  })
  const { launch, until, ahead, recordOf, restart, terminate } = await serving(folder, launcher)
  const place = { provider: 'slurm', region: 'lab', gpu: 'cpu' }
  await launch({ ...place, mode: 'job', task: 'run: sleep 900' })
  await until(({ message }) => message === 'a 9')
  ahead.ms = HOUR
  api.pass('lost')
  api.pass('noticed')
  await until(({ message }) => message === 'Preempted; recovering, attempt 2')
  ahead.ms += 4 * HOUR
  api.pass('recovers')
  await until(({ message }) => message === 'b 9')
  ahead.ms += 2 * HOUR
  const record = await recordOf()
  expect(record.spent).toBeCloseTo(2 + 4, 1)
  expect(record.price_per_hour).toBe(2)
  expect(record.attempts?.map(({ spent }) => Math.round(spent ?? Number.NaN))).toEqual([2, 4])
  await restart()
  ahead.ms += HOUR
  await waitFor(async () => (await recordOf()).status === 'active')
  expect((await recordOf()).spent).toBeCloseTo(2 + 6, 1)
  await terminate()
  await until(terminated)
})

/** What a managed job prints that then runs on. */
function jobOutput(name: string): Step[] {
  const begin =
    '├── Waiting for task resources on 1 node.\n└── Job started. Streaming logs... (Ctrl-C to exit log streaming; job will not be killed)\n'
  const lines = Array.from({ length: 9 }, (_, i) => ({ text: `(n, pid=7) ${name} ${i + 1}\n` }))
  return [{ text: begin }, { job: 'SETTING_UP' }, ...lines, { job: 'RUNNING' }]
}

const NO_CAPACITY = {
  type: 'sky.exceptions.ResourcesUnavailableError',
  message: 'Failed to acquire resources in all zones in us-east-1 for {AWS}.',
}
const opens = ({ message }: LogEntry) => message.includes('; attempt 2 follows at')

/** Which way it is makes no difference to a store, and the command takes seconds for each call. */
const ways = process.env.LAUNCHTAIL_TEST_STORE ? ['API server'] : ['API server', 'command']

describe.each(ways)('a launch through the %s', { timeout: 120_000 }, (way) => {
  async function open(scenario: () => Scenario, more: Partial<ServerOptions> = {}) {
    const api = await startDouble({ scenario })
    onTestFinished(() => api.close())
    const folder = temporaryFolder()
    onTestFinished(() => removeFolder(folder))
    const options = {
      versions: { vllm: '1', uv: '1', python: '3' },
      launchTimeout: 20_000,
      pace: { status: 40, endpoint: 100, first: 20, quiet: 50, settle: 100, cleanup: 5000 },
    }
    const launcher =
      way === 'command'
        ? skyCommandLauncher({ env: skyOnPath(folder, api.url), ...options })
        : skypilotLauncher({ endpoint: api.url, http: { poll: 20 }, ...options })
    return { api, ...(await serving(folder, launcher, more)) }
  }

  test('costs its price for as long as its machine is there, over restarts of ours', async () => {
    const { launch, ahead, recordOf, until, restart, terminate, gone, stats, launches, database } =
      await open(() => priced('3.60'))
    await launch({ ...REQUEST, owner: 'alice' })
    await until(active)
    await waitFor(async () => (await stats({ last: 0 })).total.spent)
    ahead.ms = 2 * HOUR
    expect((await stats({ last: 0 })).total.spent).toBeCloseTo(7.2, 1)
    const after2 = await recordOf()
    expect(after2.price_per_hour).toBe(3.6)
    expect(after2.spent).toBeCloseTo(7.2, 1)
    await restart()
    ahead.ms = 3 * HOUR
    expect((await recordOf()).spent).toBeCloseTo(10.8, 1)
    await terminate()
    await until(terminated)
    await gone()
    ahead.ms = 30 * HOUR
    const { total, groups, last } = await stats({ by: ['owner'], last: 1 })
    expect(total.spent).toBeCloseTo(10.8, 1)
    expect(groups).toMatchObject([{ owner: 'alice', spent: total.spent, unpriced: 0 }])
    expect(last).toMatchObject([{ spent: total.spent, outcome: 'succeeded' }])
    expect((await launches())[0]).toMatchObject({ price_per_hour: 3.6, spent: total.spent })
    const over = await recordOf()
    expect(over.price_per_hour).toBe(3.6)
    expect(over.spent).toBeCloseTo(10.8, 1)
    const daily = { bucket: 24 * 3600, last: 0 }
    const days = (await stats(daily)).series
    await pruneInstances(database(), new Date(Date.now() + 30 * HOUR))
    await restart()
    expect((await stats(daily)).series).toEqual(days)
    expect((await recordOf()).spent).toBe(over.spent)
  })

  test('costs nothing that is known where SkyPilot knows no price', async () => {
    const { launch, ahead, recordOf, until, terminate } = await open(() => priced('0.00'))
    await launch(REQUEST)
    await until(active)
    ahead.ms = HOUR
    const record = await recordOf()
    expect(record).not.toHaveProperty('price_per_hour')
    expect(record).not.toHaveProperty('spent')
    await terminate()
    await until(terminated)
  })

  test('costs what its attempts cost, each at the price of its place', async () => {
    const turns = [priced('2.00', lost()), priced('5.00')]
    const { api, launch, ahead, recordOf, until, terminate } = await open(
      () => turns.shift() ?? plain(),
    )
    const places = [{ infra: 'aws/us-east-1' }, { infra: 'gcp/us-central1' }]
    await launch({ ...REQUEST, places })
    await until(({ phase }) => phase === 'instance_ready')
    ahead.ms = HOUR
    api.pass('lost')
    await until(opens)
    await until(active)
    ahead.ms = 3 * HOUR
    const record = await recordOf()
    expect(record.price_per_hour).toBe(5)
    expect(record.spent).toBeCloseTo(2 + 10, 1)
    expect(record.attempts?.map(({ price_per_hour }) => price_per_hour)).toEqual([2, 5])
    expect(record.attempts?.[0]?.spent).toBeCloseTo(2, 1)
    expect(record.attempts?.[1]?.spent).toBeCloseTo(10, 1)
    await terminate()
    await until(terminated)
  })

  test.each([
    ['knows better', '3.60'],
    ['alone knows a price', '0.00'],
  ])('costs what SkyPilot reports where that %s', async (_, printed) => {
    const costs = { every: 50, reportsEvery: 1000 }
    const { api, launch, ahead, recordOf, until, terminate, gone } = await open(
      () => priced(printed),
      { costs },
    )
    const { cluster_name: name } = await launch(REQUEST)
    await until(active)
    const launched_at = Math.floor(Date.now() / 1000)
    const others = [
      { name, launched_at: launched_at - 9000, duration: 3600, total_cost: 77 },
      { name: 'another', launched_at, duration: 3600, total_cost: 88 },
    ]
    ahead.ms = 2 * HOUR
    api.report([...others, { name, launched_at, duration: 7200, total_cost: 8 }])
    await waitFor(async () => (await recordOf()).price_per_hour === 4)
    expect((await recordOf()).spent).toBeCloseTo(8, 1)
    ahead.ms += HOUR / 2
    expect((await recordOf()).spent).toBeGreaterThan(8)
    api.report([...others, { name, launched_at, duration: 9900, total_cost: 11 }])
    await terminate()
    await until(terminated)
    await gone()
    await waitFor(async () => (await recordOf()).spent === 11)
    ahead.ms = 9 * HOUR
    expect((await recordOf()).spent).toBe(11)
  })

  test('costs nothing where there never was a machine', async () => {
    const { launch, ahead, recordOf, until } = await open(() => ({
      request: [{ text: table('2.00') }],
      result: NO_CAPACITY,
    }))
    await launch(REQUEST)
    await until(failed)
    ahead.ms = HOUR
    await waitFor(async () => (await recordOf()).status === 'failed')
    expect(await recordOf()).toMatchObject({ price_per_hour: 2, spent: 0 })
  })

  test('that is kept costs something until its cluster is gone', async () => {
    const { api, launch, ahead, recordOf, until, terminate, database } = await open(() =>
      priced('2.00', plainOutOfMemory()),
    )
    await launch({ ...REQUEST, keep_on_failure: '30m' })
    await until(failed)
    await waitFor(async () => (await recordOf()).kept_until !== undefined)
    ahead.ms = 2 * HOUR
    expect((await recordOf()).spent).toBeCloseTo(4, 1)
    await terminate()
    await waitFor(() => api.clusters.size === 0)
    await waitFor(async () => (await left(database())).length === 0)
    ahead.ms = 9 * HOUR
    expect((await recordOf()).spent).toBeCloseTo(4, 1)
  })
})

describe('a budget a day', () => {
  test('refuses a launch that would break it, with what was spent and what it would cost', async () => {
    const { launch, until, terminate, plan, today, ahead, api, gone, groups } = await withBudget(60)
    await launch(REQUEST)
    await until(active)
    const other = { ...REQUEST, node_id: 'gpu-2' }
    const message = expect.stringMatching(
      /^the budget of \$60\.00 a day does not allow it: \$0\.\d+ was spent since 00:00 UTC, what runs will cost \$4[34]\.\d\d more until midnight, this launch would cost \$4[34]\.\d\d \(\$3\.67 an hour for the 1[12]h\S* until then\)$/,
    )
    await expect(launch(other)).rejects.toMatchObject({ status: 402, message })
    expect((await plan(other)).problems).toEqual([{ field: 'budget', message }])
    expect((await plan({ ...other, replicas: 2 })).problems).toMatchObject([
      { message: expect.stringContaining('these 2 launches would cost $8') },
    ])
    expect(api.launched).toHaveLength(1)
    const { node_id: _, ...group } = { ...REQUEST, group_id: 'both', replicas: 2 }
    await expect(groups().launch(group)).rejects.toMatchObject({
      ...{ status: 402, message: expect.stringContaining('these 2 launches would cost $8') },
    })
    // One that ends early enough fits.
    expect((await plan({ ...other, max_lifetime: '1h' })).problems).toEqual([])
    ahead.ms += HOUR
    expect((await today()).spent).toBeCloseTo(3.67, 1)
    await terminate()
    await until(terminated)
    await gone()
    expect((await plan(other)).problems).toEqual([])
    // A new day has its own budget.
    ahead.ms += 12 * HOUR
    expect(await today()).toMatchObject({ date: '2026-11-29', spent: 0, committed: 0 })
  })

  test('counts launches that are under way, before they have printed their price', async () => {
    const { launch, today } = await withBudget(60)
    const both = [launch(REQUEST), launch({ ...REQUEST, node_id: 'gpu-2' })]
    const outcomes = (await Promise.allSettled(both)).map(({ status }) => status)
    expect(outcomes.sort()).toEqual(['fulfilled', 'rejected'])
    expect((await today()).committed).toBeGreaterThan(40)
  })

  test('that is exceeded is told to what runs, once a day, and nothing is ended', async () => {
    const { launch, until, ahead, recordOf, restart, terminate, list } = await withBudget(50)
    await launch({ ...REQUEST, owner: 'alice' })
    await until(active)
    const told = ({ message }: LogEntry) =>
      message.startsWith('The budget of the day is exceeded: ')
    ahead.ms += 25 * HOUR
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await recordOf()).not.toHaveProperty('over_budget')
    ahead.ms += HOUR
    const [entry] = (await until(told)).filter(told)
    expect(entry).toMatchObject({ level: 'warn', phase: 'active' })
    expect(entry?.message).toMatch(
      /^The budget of the day is exceeded: \$5[12]\.\d\d was spent on 2026-11-29 of \$50\.00; this node runs on, at \$3\.67 an hour$/,
    )
    await restart()
    expect(await recordOf()).toMatchObject({
      ...{ status: 'active', owner: 'alice' },
      over_budget: { day: '2026-11-29', budget: 50 },
    })
    ahead.ms += 24 * HOUR
    await until(({ message }) => message.includes(' was spent on 2026-11-30 '))
    const days = (await list()).filter(told).map(({ message }) => /on (\S+) of/.exec(message)?.[1])
    expect(days).toEqual(['2026-11-29', '2026-11-30'])
    await terminate()
    await until(terminated)
  })

  test('of a launch itself refuses what its max_lifetime would cost, also as one of a group', async () => {
    const { launch, plan, groups, api } = await withBudget()
    const request = { ...REQUEST, budget: 20, max_lifetime: '8h' }
    const message =
      'its "budget" of $20.00 does not allow it: it would cost $29.36 ($3.67 an hour for its max_lifetime of 8h)'
    await expect(launch(request)).rejects.toMatchObject({ status: 402, message })
    expect((await plan(request)).problems).toEqual([{ field: 'budget', message }])
    const { node_id: _, ...member } = request
    const group = { ...member, group_id: 'both', replicas: 2 }
    await expect(groups().launch(group)).rejects.toMatchObject({ status: 402, message })
    expect(api.launched).toHaveLength(0)
    expect((await plan({ ...request, max_lifetime: '5h' })).problems).toEqual([])
  })

  test('of a launch itself is told once when it is exceeded, and nothing is ended', async () => {
    const { launch, until, ahead, recordOf, restart, terminate, list, api } = await withBudget()
    await launch({ ...REQUEST, budget: 20 })
    await until(active)
    expect(await recordOf()).toMatchObject({ budget: 20 })
    const told = ({ message }: LogEntry) =>
      message.startsWith('The budget of the launch is exceeded: ')
    ahead.ms += 5 * HOUR
    await waitFor(async () => ((await recordOf()).spent ?? 0) > 18)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await recordOf()).not.toHaveProperty('over_budget')
    ahead.ms += HOUR
    const [entry] = (await until(told)).filter(told)
    expect(entry).toMatchObject({ level: 'warn', phase: 'active' })
    expect(entry?.message).toMatch(
      /^The budget of the launch is exceeded: \$2[12]\.\d\d was spent of \$20\.00; this node runs on, at \$3\.67 an hour$/,
    )
    await restart()
    ahead.ms += 24 * HOUR
    await waitFor(async () => ((await recordOf()).spent ?? 0) > 100)
    await new Promise((resolve) => setTimeout(resolve, 200))
    const { over_budget: over, status } = await recordOf()
    expect(over).toEqual({ budget: 20, spent: expect.closeTo(22, 0) })
    expect(status).toBe('active')
    expect((await list()).filter(told)).toHaveLength(1)
    expect(api.clusters.size).toBe(1)
    await terminate()
    await until(terminated)
  })
})

function left(database: Database) {
  return database.selectFrom('left_clusters').selectAll().execute()
}

/** A machine that comes up and is lost, without ever serving. */
function lost(): Scenario {
  const { request } = plain()
  return { request: [...request.slice(0, 3), { gate: 'lost' }], result: NO_CAPACITY }
}
