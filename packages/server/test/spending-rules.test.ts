import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LogEntry } from '@launchtail/client/protocol'
import { Migrator } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { migrations } from '../src/database/migrations.js'
import { sqliteDatabase } from '../src/database/sqlite.js'
import type { Launcher } from '../src/launch/launcher.js'
import { chosenPlaces } from '../src/launch/skypilot/considered.js'
import { type Asked, refusedBy, refusedByOwn } from '../src/launch/spending/refused-by.js'
import { type ReportedRow, reportedFor } from '../src/launch/spending/reported-for.js'
import { overBudgetEntry } from '../src/logs/budget-entry.js'
import { fold, UNFOLDED } from '../src/nodes/fold.js'
import { type Instance, spentBetween, spentOn } from '../src/nodes/spending/instance.js'
import { removeFolder, temporaryFolder, waitFor } from './support/launching.js'
import { table } from './support/priced.js'
import { CONSIDERED } from './support/skypilot-double.js'
import { NOON, REQUEST, serving, terminated } from './support/spending.js'

const HOUR = 3_600_000

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
  const asked = { budget: 50, price: 2, now: NOON, maxLifetime: undefined }
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
