import type { LogEntry } from '@launchtail/client'
import { parseQuery } from '@launchtail/client/query'
import {
  type Demand,
  demandOf,
  mayMatchLaunch,
  timeRangeOf,
  wordsOf,
} from '@launchtail/client/query/indexing'
import { describe, expect, it } from 'vitest'
import { corpusOf, launchesOf } from './support/corpus.js'
import { fc } from './support/property.js'
import { queryOf } from './support/query-of.js'
import { randomQuery } from './support/random-query.js'

const NOW = Date.UTC(2026, 10, 23)
const launches = launchesOf(12)
const entries = corpusOf('indexing', 400).map((entry, n) => ({
  entry,
  launch: launches[n % launches.length] as (typeof launches)[number],
  words: wordsOf([entry.message, entry.details ?? '']),
}))

it('demands of entries only what every entry has that is found', { timeout: 120_000 }, () => {
  let exact = 0
  let narrowed = 0
  fc.assert(
    fc.property(randomQuery, (text) => {
      const query = queryOf(text)
      if (!query) return
      const predicate = query.predicate({ now: NOW })
      const { demand, isExact } = demandOf(query.expression)
      const { from, to } = timeRangeOf(query.expression, NOW)
      const mayMatch = mayMatchLaunch(query.expression, NOW)
      if (isExact) exact += 1
      if (demand) narrowed += 1
      for (const { entry, launch, words } of entries) {
        const isFound = predicate(entry, launch)
        const time = Date.parse(entry.timestamp)
        const isOffered =
          meets(demand, entry, words) && time >= from && time <= to && mayMatch(launch)
        if (isFound && !isOffered) expect.fail(`not offered: ${JSON.stringify(entry)}`)
        if (isExact && isFound !== meets(demand, entry, words)) {
          expect.fail(`offered wrongly: ${JSON.stringify(entry)}`)
        }
      }
    }),
    { numRuns: 1000 },
  )
  console.log(`${narrowed} of 1000 queries narrowed, ${exact} exact`)
  expect(narrowed).toBeGreaterThan(300)
  expect(exact).toBeGreaterThan(100)
})

describe('an index', () => {
  it.each([
    ['oom', { kind: 'word', text: 'oom', isPrefix: false }, true],
    ['capac*', { kind: 'word', text: 'capac', isPrefix: true }, true],
    ['*city', undefined, false],
    ['c*city', undefined, false],
    ['ca*city', { kind: 'word', text: 'ca', isPrefix: true }, false],
    ['level:>=error', { kind: 'value', field: 'level', value: 'error' }, true],
    ['level:>error', { kind: 'any', of: [] }, true],
    ['level:*', undefined, true],
    ['-oom', undefined, false],
    ['-level:*', { kind: 'any', of: [] }, true],
    ['oom OR /x/', undefined, false],
    ['gpu:A100', undefined, false],
    ['message:=oom', { kind: 'word', text: 'oom', isPrefix: false }, false],
  ] as const)('is asked by %s for what it can tell', (text, demand, isExact) => {
    expect(demandOf(parseQuery(text).expression)).toEqual({ demand, isExact })
  })

  it('leaves out what is under NOT only where it tells that exactly', () => {
    const word = (text: string) => ({ kind: 'word', text, isPrefix: false })
    expect(demandOf(parseQuery('memory -oom').expression)).toEqual({
      demand: { kind: 'without', demand: word('memory'), excluded: word('oom') },
      isExact: true,
    })
    const phrase = demandOf(parseQuery('memory -"out of"').expression)
    expect(phrase).toEqual({ demand: word('memory'), isExact: false })
  })

  it('stores a long word by its beginning, and does not take that for another word', () => {
    const long = 'x'.repeat(200)
    expect(wordsOf([long])).toEqual(new Set(['x'.repeat(64)]))
    for (const text of [long, 'x'.repeat(64), `${'x'.repeat(64)}*`]) {
      expect([text, demandOf(parseQuery(text).expression).isExact]).toEqual([text, false])
    }
  })

  it('gives up on a text with too many words', () => {
    expect(wordsOf([Array.from({ length: 6000 }, (_, n) => `w${n}`).join(' ')])).toBeUndefined()
  })
})

function meets(
  demand: Demand | undefined,
  entry: LogEntry,
  words: ReadonlySet<string> = new Set(),
): boolean {
  switch (demand?.kind) {
    case undefined:
      return true
    case 'word':
      if (!demand.isPrefix) return words.has(demand.text)
      return [...words].some((word) => word.startsWith(demand.text))
    case 'value':
      return entry[demand.field] === demand.value
    case 'all':
      return demand.of.every((one) => meets(one, entry, words))
    case 'any':
      return demand.of.some((one) => meets(one, entry, words))
    case 'without':
      return meets(demand.demand, entry, words) && !meets(demand.excluded, entry, words)
  }
}
