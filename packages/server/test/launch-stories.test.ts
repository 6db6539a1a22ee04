import type { NodeRecord } from '@launchtail/client/protocol'
import { expect, test } from 'vitest'
import type { Instance } from '../src/nodes/spending/instance.js'
import { WORTH_ANOTHER } from '../src/output/causes/worth-another.js'
import { fc } from './support/property.js'
import { SEED } from './support/seed.js'
import { type End, liveThrough, type Story, type Told } from './support/stories/story.js'
import { CODES, type Turn } from './support/stories/world.js'

/** Most of a story's time is waiting. */
const AT_ONCE = 16
const COUNT = Number(process.env.LAUNCHTAIL_TEST_STORIES ?? 60)

const turn = fc.constantFrom<Turn>(
  ...([
    'capacity',
    'capacity',
    'left',
    'fault',
    'flag',
    'unstartable',
    'queued',
    'queued',
  ] as const),
  ...(['slow', 'slow', 'dies', 'active', 'active', 'active', 'active'] as const),
)
const story: fc.Arbitrary<Story> = fc.record({
  turns: fc.array(turn, { minLength: 1, maxLength: 5 }),
  attempts: fc.integer({ min: 1, max: 5 }),
  refusals: fc.integer({ min: 0, max: 2 }),
  keepOnFailure: fc.boolean(),
  maxLifetime: fc.boolean(),
  reports: fc.boolean(),
  events: fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 25 }),
      what: fc.constantFrom('cancel', 'restart', 'hour'),
    }),
    { maxLength: 2 },
  ),
  deaths: fc.array(fc.record({ at: fc.integer({ min: 1, max: 120 }), heard: fc.boolean() }), {
    maxLength: 3,
  }),
})

test('every story of attempts, time-outs, cancellations and crashes has one of four ends, with nothing running or begun twice, and what was spent stored', async () => {
  const stories = fc.sample(story, { numRuns: COUNT, seed: SEED })
  const ends = new Map<End, number>()
  const faults: unknown[] = []
  let deaths = 0
  let next = 0
  await Promise.all(Array.from({ length: AT_ONCE }, liveOn))
  console.error(`${COUNT} stories, ${deaths} deaths:`, Object.fromEntries(ends))
  expect(faults).toEqual([])
  expect(ends.size).toBe(4)
  expect(deaths).toBeGreaterThan(0)

  async function liveOn(): Promise<void> {
    for (let one = stories[next++]; one; one = stories[next++]) {
      const told = await liveThrough(one).catch((error) => {
        throw new Error(`in the story ${JSON.stringify(one)}`, { cause: error })
      })
      ends.set(told.end, (ends.get(told.end) ?? 0) + 1)
      deaths += told.died
      try {
        check(one, told)
      } catch (error) {
        const log = told.entries.map(({ message, details = '' }) => `${message} | ${details}`)
        faults.push({ story: JSON.stringify(one), error: String(error), log })
      }
    }
  }
}, 600_000)

function check(story: Story, told: Told): void {
  const { world, entries, record, left, faults } = told
  expect(faults).toEqual([])
  expect([...world.running]).toEqual([])
  expect(left).toBe(0)
  expect(world.twice).toEqual([])
  expect(world.begun.size).toBeLessThanOrEqual(story.attempts)
  expect(entries.filter(({ phase }) => phase === 'failed')).toHaveLength(1)
  const once = entries.map(({ message }) => message).filter((text) => ONCE.test(text))
  expect(new Set(once).size).toBe(once.length)
  const numbers = once.flatMap((text) => /; attempt (\d+) follows/.exec(text)?.[1] ?? [])
  expect(numbers).toEqual(numbers.map((_, i) => String(i + 2)))
  for (const [i, { from, to = Number.NaN }] of world.uptimes.entries()) {
    expect(to).toBeGreaterThanOrEqual(from)
    expect(from).toBeGreaterThanOrEqual(world.uptimes[i - 1]?.to ?? 0)
  }
  checkSpending(told)
  const { ends, code, count } = expected(story, record)
  expect(ends).toContain(told.end)
  if (story.events.some(({ what }) => what !== 'restart')) return
  if (told.end === 'failed') expect(record.failure?.code).toBe(code)
  expect(record.attempts?.length ?? 1).toBe(count)
}

/** How much later than something happens it may be stored, in milliseconds: a round of what looks after money. */
const POLL = 60_000
const HOUR = 3_600_000

/** What is stored of its machines, and what they have cost, is what there truly was, to within one poll. */
function checkSpending({ world, instances, record, leaps }: Told): void {
  const { machines } = world
  expect(instances).toHaveLength(machines.length)
  let most = 0.01
  let truth = 0
  for (const [i, { price, from, to = Number.NaN }] of machines.entries()) {
    const { up = Number.NaN, down = Number.NaN, ...stored } = instances[i] as Instance
    expect(stored.price).toBeCloseTo(price, 3)
    const late = [lateness(from, up), lateness(to, down)]
    for (const one of late) expect(one).toBeLessThan(POLL)
    truth += (price * (to - from)) / HOUR
    most += (price * (Math.abs(down - to) + Math.abs(up - from) + POLL)) / HOUR
  }
  const { spent = machines.length === 0 ? 0 : Number.NaN } = record
  expect(Math.abs(spent - truth)).toBeLessThan(most)

  /** Without the hours that passed in a moment in between. */
  function lateness(truth: number, stored: number): number {
    const between = leaps.filter((at) => at >= truth && at < stored)
    return Math.abs(stored - truth - between.length * HOUR)
  }
}

/** What a log says once. */
const ONCE =
  /; attempt \d+ follows|^Node launch request queued|begins$|is up$|serves$|will be taken down|is taken down$|^Node terminated$/

/** How the story may end. Where nobody intervenes, its turns decide. */
function expected(
  { turns, attempts, events, maxLifetime }: Story,
  { attempts: told = [] }: NodeRecord,
) {
  const all = Array.from({ length: attempts }, (_, i): Turn => {
    // On a busy machine, one that is to have a machine at once may be late with it.
    const isLate = told[i]?.failure?.message.startsWith('no machine within') && i < attempts - 1
    return isLate ? 'queued' : (turns[i] ?? 'flag')
  })
  const last = all.findIndex((turn) => !isTriedAgain(turn))
  const count = last === -1 ? attempts : last + 1
  const decisive = all[count - 1] ?? 'flag'
  const isTimedOut = decisive === 'slow' || decisive === 'queued'
  const terminated = maxLifetime ? 'lifetime over' : 'terminated'
  const end = decisive === 'active' ? terminated : isTimedOut ? 'timed out' : 'failed'
  const others = events.flatMap(({ what }) => INTERVENTIONS[what])
  const code = decisive === 'unstartable' ? 'not_started' : CODES[decisive]
  return { ends: [end, ...others], code, count }
}

/** To what other ends they may bring a story, since they may come at any moment of it. */
const INTERVENTIONS: Record<Story['events'][number]['what'], readonly End[]> = {
  cancel: ['terminated'],
  hour: ['timed out', 'failed', 'lifetime over'],
  restart: [],
}

function isTriedAgain(turn: Turn): boolean {
  return turn === 'queued' || (turn !== 'dies' && WORTH_ANOTHER.has(CODES[turn] ?? ''))
}
