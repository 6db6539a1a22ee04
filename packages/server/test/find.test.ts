import type { LogEntry } from '@launchtail/client'
import { parseQuery } from '@launchtail/client/query'
import { describe, expect, it } from 'vitest'
import { passingInTurns } from '../src/find/in-turns.js'
import { createLogFilter } from '../src/find/log-filter.js'
import { createMatcher, type Matcher } from '../src/find/matcher.js'
import { createSlowEntries } from '../src/find/slow-entries.js'

const slowEntries = createSlowEntries()
const registry = {
  find: async () => undefined,
  get: async () => undefined,
  watch: () => () => {},
}

describe('a query on one entry', () => {
  it('is decided at once, except a pattern on a large entry, which another thread runs', async () => {
    const small = entry('a'.repeat(4096))
    const large = entry(`${'a'.repeat(64 * 1024 - 10)}!`)
    const pattern = await matcher('/(.*a){20}!/')
    const words = await matcher('-oom')
    expect([pattern.matches(small), words.matches(large)]).toEqual([false, true])
    const begun = performance.now()
    const decision = pattern.matches(large)
    const took = performance.now() - begun
    expect(decision).toBeInstanceOf(Promise)
    console.log(`asked in ${took.toFixed(1)} ms, decided after ${await time(decision)} ms`)
    expect(await decision).toBe(true)
    expect(await pattern.matches(entry('a'.repeat(5000)))).toBe(false)
  })

  it('has the same answer from the thread, also of the launch', async () => {
    const node = { ...registry, find: async () => ({ gpu: 'A100' }) as never }
    const options = { registry: node, slowEntries, nodeId: 'n', now: 0 }
    for (const [q, expected] of [
      ['/x/ gpu:A100', true],
      ['/x/ gpu:H100', false],
      // Written out, the list has more terms than a query may have.
      [`/x/ level:${'info,'.repeat(200)}warn`, true],
    ] as const) {
      const { matches } = await createMatcher(parseQuery(q), options)
      expect([q, await matches(entry('x'.repeat(5000)))]).toEqual([q, expected])
    }
  })
})

it('what passes late keeps its place', async () => {
  const late = (n: number) => (n % 2 ? sleep(10 - n).then(() => n > 2) : n > 2)
  expect(await passingInTurns([1, 2, undefined, 3, 4, 5], late)).toEqual([
    ...[undefined, undefined, undefined, 3, 4, 5],
  ])
})

describe('the filter of a stream', () => {
  it('shows what takes longer once that is decided, and decides it once', async () => {
    let asked = 0
    const filter = createLogFilter({
      matcher: {
        matches({ message }) {
          asked += 1
          return message === 'large' ? sleep(5).then(() => true) : true
        },
        close() {},
      },
    })
    const items = ['small', 'large'].map((message, index) => ({ index, entry: entry(message) }))
    expect(items.map((item) => filter?.passes(item))).toEqual([true, false])
    expect(filter?.lastMatch()).toBe(0)
    expect(filter?.isReady(items)).toBe(false)
    await filter?.prepare(items)
    expect(filter?.isReady(items)).toBe(true)
    expect(items.map((item) => filter?.passes(item))).toEqual([true, true])
    expect([filter?.lastMatch(), asked]).toEqual([1, 2])
  })

  it('gives other work its turn while it decides many', async () => {
    let asked = 0
    const matches = () => {
      asked += 1
      return busy(2)
    }
    const filter = createLogFilter({ matcher: { matches, close() {} } })
    const items = Array.from({ length: 50 }, (_, index) => ({ index, entry: entry('x') }))
    let turns = 0
    const counting = setInterval(() => {
      turns += 1
    }, 1)
    expect(filter?.isReady(items)).toBe(false)
    expect(asked).toBeLessThan(5)
    await filter?.prepare(items)
    clearInterval(counting)
    expect(turns).toBeGreaterThan(5)
    expect(filter?.isReady(items)).toBe(true)
  })

  it('asks again what the thread has not answered', async () => {
    let asked = 0
    const filter = createLogFilter({
      matcher: {
        matches: async () => {
          asked += 1
          if (asked === 1) throw new Error('the thread has ended')
          return true
        },
        close() {},
      },
    })
    const item = { index: 0, entry: entry('large') }
    await expect(filter?.prepare([item])).rejects.toThrow('a query was not decided')
    await filter?.prepare([item])
    expect(filter?.passes(item)).toBe(true)
  })
})

function matcher(q: string): Promise<Matcher> {
  return createMatcher(parseQuery(q), { registry, slowEntries, nodeId: 'n', now: 0 })
}

function entry(message: string): LogEntry {
  return { timestamp: '2026-01-15T10:30:00Z', level: 'info', message, phase: 'queued' }
}

function busy(ms: number): boolean {
  const end = performance.now() + ms
  while (performance.now() < end);
  return true
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function time(decision: unknown): Promise<string> {
  const begun = performance.now()
  await decision
  return (performance.now() - begun).toFixed(0)
}
