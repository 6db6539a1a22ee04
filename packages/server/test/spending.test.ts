import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LaunchRequest, LogEntry, NodeRecord } from '@launchtail/client/protocol'
import { Migrator } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { migrations } from '../src/database/migrations.js'
import type { Database } from '../src/database/open.js'
import { sqliteDatabase } from '../src/database/sqlite.js'
import type { Launcher } from '../src/launch/launcher.js'
import { skypilotLauncher } from '../src/launch/skypilot/api/launcher.js'
import { skyCommandLauncher } from '../src/launch/skypilot/cli/launcher.js'
import { chosenPlaces } from '../src/launch/skypilot/considered.js'
import { type Asked, refusedBy, refusedByOwn } from '../src/launch/spending/refused-by.js'
import { type ReportedRow, reportedFor } from '../src/launch/spending/reported-for.js'
import { overBudgetEntry } from '../src/logs/budget-entry.js'
import { fold, UNFOLDED } from '../src/nodes/fold.js'
import { type Instance, spentBetween, spentOn } from '../src/nodes/spending/instance.js'
import { plain, plainOutOfMemory } from './support/launch-scenarios.js'
import {
  removeFolder,
  type ServerOptions,
  startLaunching,
  temporaryFolder,
  waitFor,
} from './support/launching.js'
import { priced, table } from './support/priced.js'
import { skyOnPath } from './support/sky-double.js'
import { CONSIDERED, type Scenario, startDouble } from './support/skypilot-double.js'

const HOUR = 3_600_000
const REQUEST = { node_id: 'gpu-1', provider: 'aws', region: 'x', gpu: 'H100', model: 'm/m' }

describe('what an attempt has cost', () => {
  const instance = (more: Partial<Instance>): Instance => ({
    ...{ number: 1, price: 2, up: 0, down: undefined, reported: undefined },
    ...more,
  })
  const reported = (cost: number, at: number) => ({ reported: { cost, at: at * HOUR } })

  test.each<[string, Partial<Instance>, number, number | undefined]>([
    ['its price by the time it has been up', {}, 3, 6],
    ['no more than until it was gone', { down: 2 * HOUR }, 3, 4],
    ['nothing before it was up', { up: undefined }, 3, 0],
    ['nobody knows without a price', { price: undefined }, 3, undefined],
    ['what SkyPilot reports, and its price since', reported(10, 2), 3, 12],
    ['what SkyPilot reports of one that is gone', { down: 2 * HOUR, ...reported(10, 2.5) }, 9, 10],
    [
      'what it cost until then and since, if it was gone later',
      { down: 3 * HOUR, ...reported(10, 2) },
      9,
      12,
    ],
    [
      'what SkyPilot reports where no price is known',
      { price: undefined, ...reported(10, 2) },
      3,
      10,
    ],
  ])('%s', (_, more, hours, spent) => {
    expect(spentOn(instance(more), hours * HOUR)).toEqual(spent)
  })

  test.each<[string, Partial<Instance>, [number, number], number]>([
    ['a span inside', {}, [1, 2], 2],
    ['a span that begins before it', {}, [-5, 1], 2],
    ['a span that lasts longer than until now', {}, [2, 24], 4],
    ['a span after it', { down: HOUR }, [2, 3], 0],
    ['a span before it was up', { up: undefined }, [0, 9], 0],
    ['a part of what was reported', { down: 4 * HOUR, ...reported(16, 4) }, [0, 1], 4],
  ])('in %s', (_, more, [from, to], spent) => {
    const span = { from: from * HOUR, to: to * HOUR }
    expect(spentBetween(instance(more), span, 4 * HOUR)).toBe(spent)
  })
})

/** The prices that a launch's output tells, one after the other. */
function pricesIn(output: string): (number | undefined)[] {
  const chosen = chosenPlaces()
  return output.split('\n').flatMap((line) => {
    const place = chosen(line)
    return place ? [place.price_per_hour] : []
  })
}

describe('the price that a launch prints', () => {
  const recorded = (name: string) =>
    readFileSync(new URL(`./fixtures/skypilot-0.14/${name}`, import.meta.url), 'utf8')

  test('is that of the place that was chosen', () => {
    expect(pricesIn(CONSIDERED)).toEqual([3.67])
  })

  test.each(['cli-launch.log', 'launch-ok.console'])('is not known where %s says 0.00', (name) => {
    expect(pricesIn(recorded(name))).toEqual([undefined])
  })

  test('is another one where SkyPilot goes on elsewhere', () => {
    expect(
      pricesIn(`${table('2.00')}↺ Trying other potential resources.\n${table('3.50')}`),
    ).toEqual([2, 3.5])
  })

  test('is in no line that only looks like one', () => {
    expect(pricesIn(' AWS (x)   p5   1   1   H100:1   9.99   ✔\n')).toEqual([])
    expect(pricesIn(`${table('2.00')} AWS (x)   p5   1   1   H100:1   9.99   ✔\n`)).toEqual([2])
  })
})

const NO_CAPACITY = {
  type: 'sky.exceptions.ResourcesUnavailableError',
  message: 'Failed to acquire resources in all zones in us-east-1 for {AWS}.',
}
const active = ({ phase }: LogEntry) => phase === 'active'
const failed = ({ phase }: LogEntry) => phase === 'failed'
const opens = ({ message }: LogEntry) => message.includes('; attempt 2 follows at')
const terminated = ({ message }: LogEntry) => message === 'Node terminated'

describe.each(['API server', 'command'])('a launch through the %s', { timeout: 120_000 }, (way) => {
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
    const { launch, ahead, recordOf, until, restart, terminate, gone, stats, launches } =
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

const reportedRow = (number: number, down: number | null, up: number | null = 0): ReportedRow => ({
  ...{ launch_id: 'x', number, cluster_name: 'c', askedAt: 100_000 },
  up_at: up === null ? null : new Date(up).toISOString(),
  down_at: down === null ? null : new Date(down).toISOString(),
})

test.each<[string, ReportedRow[], [at: number, cost: number][], [number, number][]]>([
  ['the attempt that is there', [reportedRow(1, null)], [[110, 5]], [[1, 5]]],
  [
    'each attempt its own',
    [reportedRow(1, 200_000), reportedRow(2, null)],
    [
      [250, 7],
      [110, 5],
    ],
    [
      [1, 5],
      [2, 7],
    ],
  ],
  [
    'all that one attempt went through',
    [reportedRow(1, 200_000)],
    [
      [110, 5],
      [150, 6],
    ],
    [[1, 11]],
  ],
  ['no cluster of an earlier launch', [reportedRow(1, null)], [[50, 5]], []],
  ['no cluster after the last attempt', [reportedRow(1, 200_000)], [[300, 5]], []],
])('of what SkyPilot reports, it is %s that it counts for', (_, rows, costs, found) => {
  const reported = reportedFor(
    rows,
    costs.map(([at, cost]) => ({ name: 'c', launchedAt: at * 1000, hours: 1, cost })),
  )
  expect([...reported].map(([{ number }, { cost }]) => [number, cost])).toEqual(found)
})

describe('a budget a day', () => {
  const noon = Date.UTC(2026, 10, 28, 12)
  const asked = { budget: 50, price: 2, now: noon, maxLifetime: undefined }
  const day = (spent: number, committed = 0) => ({
    date: '2026-11-28',
    spent,
    perHour: 0,
    committed,
  })

  test.each<[string, Partial<Asked>, RegExp | undefined]>([
    ['allows what fits until midnight', { day: day(26) }, undefined],
    [
      'refuses what does not',
      { day: day(26.01) },
      /^the budget of \$50\.00 a day does not allow it: \$26\.01 was spent since 00:00 UTC, this launch would cost \$24\.00 \(\$2\.00 an hour for the 12h until then\)$/,
    ],
    [
      'counts what runs until midnight',
      { day: day(10, 20) },
      /what runs will cost \$20\.00 more until midnight/,
    ],
    ['counts a launch no longer than it lives', { day: day(26.01), maxLifetime: HOUR }, undefined],
    [
      'refuses it all the same if that is too long',
      { day: day(49), maxLifetime: HOUR },
      /\$2\.00 an hour for its max_lifetime of 1h/,
    ],
    [
      'counts all that are asked for at once',
      { count: 3 },
      /these 3 launches would cost \$72\.00 \(\$6\.00 an hour for/,
    ],
    ['allows what nobody knows the price of', { day: day(99), price: undefined }, undefined],
  ])('%s', (_, more, why) => {
    const refusal = refusedBy({ ...asked, day: day(0), ...more })
    expect(refusal).toEqual(why === undefined ? undefined : expect.stringMatching(why))
  })

  test.each<[string, { budget?: number; maxLifetime?: number }, number | undefined, boolean]>([
    ['allows what its max_lifetime costs', { budget: 16, maxLifetime: 8 * HOUR }, 2, true],
    ['refuses more', { budget: 15.99, maxLifetime: 8 * HOUR }, 2, false],
    ['allows anything without a max_lifetime', { budget: 1 }, 2, true],
    ['allows what nobody knows the price of', { budget: 1, maxLifetime: HOUR }, undefined, true],
    ['allows anything without a budget', { maxLifetime: 8 * HOUR }, 2, true],
  ])('of a launch itself %s', (_, limits, price, isAllowed) => {
    const refusal = refusedByOwn(limits, price)
    expect(refusal).toBe(
      isAllowed
        ? undefined
        : 'its "budget" of $15.99 does not allow it: it would cost $16.00 ($2.00 an hour for its max_lifetime of 8h)',
    )
  })

  /** A server of which SkyPilot chooses places at $3.67 an hour. */
  async function withBudget(budget?: number) {
    const api = await startDouble({ scenario: () => priced('3.67') })
    onTestFinished(() => api.close())
    const folder = temporaryFolder()
    onTestFinished(() => removeFolder(folder))
    const launcher = skypilotLauncher({
      ...{ endpoint: api.url, http: { poll: 20 }, launchTimeout: 20_000 },
      versions: { vllm: '1', uv: '1', python: '3' },
      pace: { status: 40, endpoint: 100, first: 20, quiet: 50, settle: 100, cleanup: 5000 },
    })
    const costs = { every: 50 }
    const served = await serving(folder, launcher, { ...(budget && { budget }), costs })
    // At noon, whatever the time is.
    served.ahead.ms = noon - Date.now()
    return { api, ...served }
  }

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

  test.each([
    ['of a day', { day: '2026-11-29', budget: 50, spent: 51.38 }],
    ['of a launch itself', { budget: 50, spent: 51.38 }],
  ])('%s that is exceeded is an event of its launch, which a webhook can have', (_, over) => {
    const entries = [
      { phase: 'active', message: 'http://a', level: 'info' },
      overBudgetEntry(over, 2),
    ]
    const record = entries.reduce(
      (before, entry, i) =>
        fold(before, { phase: 'active', timestamp: AT, ...entry } as LogEntry, i),
      UNFOLDED,
    )
    expect(record.overBudget).toEqual(over)
    expect(record.events.at(-1)).toMatchObject({ kind: 'over_budget', index: 1, ...over })
    const message = { ...overBudgetEntry(over, 2), details: 'budget: {"day":1}' }
    const other = fold(record, { phase: 'active', timestamp: AT, ...message } as LogEntry, 2)
    expect(other.overBudget).toEqual(over)
    expect(other.events).toHaveLength(record.events.length)
  })
})

const AT = '2026-11-29T14:00:00.000Z'

function left(database: Database) {
  return database.selectFrom('left_clusters').selectAll().execute()
}

test('a launch that ran before prices were known costs what it has cost since it has its machine', async () => {
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  const since = (hours: number) => new Date(Date.now() - hours * HOUR).toISOString()
  await oldFolder(folder, since)
  const launcher = standIn(async function* (_, __, { signal }) {
    const text = `${table('2.00')}⚙︎ Launching on AWS us-east-1.\n└── Instance is up.`
    const lines = text.split('\n').map((line) => ({ text: line, transient: false, end: 0 }))
    yield { type: 'lines', lines }
    if (!signal.aborted) await once(signal, 'abort')
    return undefined
  })
  const { recordOf, terminate, until, database } = await serving(folder, launcher)
  const record = await waitFor(async () => {
    const found = await recordOf()
    return found.spent ? found : undefined
  })
  expect(record).toMatchObject({ status: 'active', price_per_hour: 2 })
  expect(record.spent).toBeCloseTo(2 * 2, 1)
  const [past] = await database().selectFrom('launch_history').selectAll().execute()
  expect(past?.launch_id).toBe('launch-1')
  await terminate()
  await until(terminated)
})

function standIn(attach: Launcher['attach']): Launcher {
  return {
    name: 'stand-in',
    serves: () => true,
    check: async () => {},
    plan: async () => ({ task: '', places: [], problems: [] }),
    start: async () => ({}),
    attach,
    cancel: async () => {},
    takeDown: async () => {},
    costs: async () => [],
  }
}

/** A data folder of the version before, with a node that has been active for two hours. */
async function oldFolder(folder: string, since: (hours: number) => string): Promise<void> {
  const database = await sqliteDatabase(join(folder, 'records.db'))
  const known = Object.entries(migrations).filter(([name]) => name <= BEFORE)
  const provider = { getMigrations: async () => Object.fromEntries(known) }
  const { error } = await new Migrator({ db: database, provider }).migrateTo(BEFORE)
  expect(error).toBeUndefined()
  const phases = ['queued', 'instance_ready', 'active'] as const
  const node = {
    ...{
      node_id: 'gpu-1',
      cluster_name: 'cic-gpu-1',
      about: '{"provider":"aws"}',
      provider: 'aws',
    },
    ...{ words: 'gpu-1', status: 'active', phase: 'active', progress: 100, message: '' },
    ...{ created_at: since(3), updated_at: since(2), ended_at: since(2), folded: 0, stalled: 0 },
  }
  await database
    .insertInto('nodes')
    .values(node as never)
    .execute()
  await database
    .insertInto('phases')
    .values(
      phases.map((phase, position) => ({
        ...{ node_id: 'gpu-1', position, phase, ended_at: null },
        started_at: since(phase === 'queued' ? 2.9 : 2),
      })),
    )
    .execute()
  const launch = {
    ...{ launch_id: 'launch-1', node_id: 'gpu-1', launcher: 'stand-in', source: 'launch:launch-1' },
    request: JSON.stringify({ cluster_name: 'cic-gpu-1', request: REQUEST }),
    ...{ handle: '{}', state: 'running', created_at: since(3), owner_number: 0, leased_until: 0 },
  }
  await database
    .insertInto('launches')
    .values(launch as never)
    .execute()
  const past = {
    ...{ node_id: 'gpu-1', started_at: since(2.9), ended_at: since(2), outcome: 'succeeded' },
    ...{ phases: '[]', change: 1 },
  }
  await database
    .insertInto('launch_history')
    .values(past as never)
    .execute()
  await database.destroy()
}

/** The last change of the tables before there were prices. */
const BEFORE = '025-owners'

/** A machine that comes up and is lost, without ever serving. */
function lost(): Scenario {
  const { request } = plain()
  return { request: [...request.slice(0, 3), { gate: 'lost' }], result: NO_CAPACITY }
}

async function serving(folder: string, launcher: Launcher, more: Partial<ServerOptions> = {}) {
  const ahead = { ms: 0 }
  const now = () => new Date(Date.now() + ahead.ms)
  const start = async () => {
    const started = await startLaunching({ folder, launchers: () => [launcher], now, ...more })
    await started.orchestrator.resume()
    return started
  }
  let server = await start()
  onTestFinished(() => server.stop())
  return {
    ahead,
    database: () => server.database,
    stats: (question: Parameters<typeof server.registry.stats>[0]) =>
      server.registry.stats(question),
    groups: () => server.orchestrator.groups,
    today: () => server.orchestrator.today(),
    plan: (request: LaunchRequest) => server.orchestrator.plan(request),
    list: () => server.list('gpu-1'),
    launches: async () => server.registry.launches.list(await recordOf()),
    launch: (request: object) => server.orchestrator.launch({ ...REQUEST, ...request }),
    terminate: () => server.orchestrator.terminate('gpu-1'),
    until: (like: (entry: LogEntry) => boolean) => server.until('gpu-1', like),
    recordOf,
    /** Until it is noted that all machines are gone. */
    gone: () =>
      waitFor(async () => {
        const rows = server.database.selectFrom('instances').select('launch_id')
        return (await rows.where('down_at', 'is', null).execute()).length === 0
      }),
    async restart() {
      await server.stop()
      server = await start()
    },
  }

  async function recordOf(): Promise<NodeRecord> {
    const record = await server.registry.find('gpu-1')
    if (!record) throw new Error('there is no record')
    return record
  }
}
