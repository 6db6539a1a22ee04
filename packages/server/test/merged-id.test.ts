import { expect, it } from 'vitest'
import {
  createIdWriter,
  filterHash,
  type LaunchAt,
  LONGEST_ID,
  readId,
} from '../src/stream/merged/id.js'
import { seededRandom } from './support/seed.js'

const random = seededRandom('merged-ids')
const FILTER = filterHash('a filter')
const EVENTS = ['log', 'status', 'error', 'done'] as const

it('reads what it has written, also where only an index has changed since the id before', () => {
  for (const count of [0, 1, 20, 100, 500]) {
    const launches = launchesOf(count)
    const writer = createIdWriter(FILTER)
    const state = { joined: 70_000, ends: [3, 1, 0, 2], isEnd: count === 0 }
    for (let n = 0; n < 12; n += 1) {
      const current = launches[below(count)]
      if (current) {
        const index = current.cursor.index + below(n === 6 ? 100_000 : 3)
        current.cursor = { index, check: check(), event: EVENTS[below(4)] ?? 'log' }
        writer.moved(current)
      }
      const id = writer.write({ ...state, launches: () => launches }, current)
      expect(id).toBe(
        fresh().write({ ...state, launches: () => launches }, current), // not one that was patched
      )
      const read = readId(id, FILTER)
      expect(read).toMatchObject({ ...state, current: current?.number ?? 0 })
      expect(read?.launches.map(({ number }) => number)).toEqual(launches.map((l) => l.number))
      for (const [i, { cursor }] of launches.entries()) {
        expect(read?.launches[i]?.cursor.index).toBe(cursor.index)
        expect(cursor.check.startsWith(read?.launches[i]?.cursor.check ?? '-')).toBe(true)
      }
      const event = read?.launches.find(({ number }) => number === current?.number)?.cursor.event
      if (current) expect(event).toBe(current.cursor.event)
    }
  }
  function fresh() {
    return createIdWriter(FILTER)
  }
})

it('is at most 4 KB long with 500 launches, and says how long it is with fewer', () => {
  const sizes = [1, 20, 100, 500].map((count) => [count, idOf(launchesOf(count)).length])
  console.log(JSON.stringify(sizes))
  for (const most of [100, 20_000, 3_000_000]) {
    const launches = launchesOf(500, { numbers: 40_000, indexes: most })
    expect(idOf(launches).length).toBeLessThanOrEqual(LONGEST_ID)
  }
})

it('refuses every id that is damaged, of another filter, or made up', () => {
  const id = idOf(launchesOf(30))
  expect(readId(id, FILTER)).toBeDefined()
  expect(readId(id, filterHash('another filter'))).toBeUndefined()
  const signs = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  for (let at = 0; at < id.length; at += 1) {
    for (let n = 0; n < 8; n += 1) {
      const sign = signs[below(64)] ?? 'A'
      const damaged = id.slice(0, at) + sign + id.slice(at + 1)
      if (damaged !== id) expect(readId(damaged, FILTER), damaged).toBeUndefined()
    }
    expect(readId(id.slice(0, at), FILTER)).toBeUndefined()
  }
  for (const text of ['', 'm', 'm=', '0:01234567:log', `${id}A`, `m${'A'.repeat(100_000)}`]) {
    expect(readId(text, FILTER)).toBeUndefined()
  }
})

function idOf(launches: readonly LaunchAt[]): string {
  const state = { joined: 70_000, ends: [0, 0, 0, 0], isEnd: false, launches: () => launches }
  return createIdWriter(FILTER).write(state, launches[0])
}

function launchesOf(count: number, { numbers = 0, indexes = 300 } = {}) {
  const steps = Math.max(1, Math.floor(numbers / count))
  return Array.from({ length: count }, (_, n): { number: number; cursor: LaunchAt['cursor'] } => ({
    number: 1 + n * steps,
    cursor: { index: below(indexes), check: check(), event: 'done' },
  }))
}

function check(): string {
  return below(2 ** 32)
    .toString(16)
    .padStart(8, '0')
}

function below(limit: number): number {
  return Math.floor(random() * limit)
}
