/** Whatever reads text from outside takes time in proportion to it: each rule, made from the tables. */
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createRedactor, RULES } from '../src/output/redact/index.js'
import { hostileTexts, patternsIn, wordsOf } from './support/hostile.js'
import { cpuTime, expectLinear } from './support/linear.js'

const { redact, line } = createRedactor()
/** Long enough that what grows with the square is told from what does not. */
const SIZES = { upTo: 64_000 }

/** Milliseconds of CPU; a text that takes longer is looked at in more sizes. */
const SLOW = 6
/** A line is at most as long as the texts here, and must not hold up the event loop. */
const LONGEST = 50

describe('redaction', () => {
  test.each(RULES.map((rule) => [rule.name, rule] as const))('%s is linear', (_, rule) => {
    const pieces = [...rule.hints, ...patternsIn(rule).flatMap(wordsOf)]
    for (const text of hostileTexts(pieces)) check(rule.name, text, rule.mask)
  })

  test.each([
    ['an optional value', (size: number) => `token="optional${')'.repeat(size)} x"`],
    ['names one behind the other', (size: number) => 'token=optional'.repeat(size / 14)],
    ['a value of a line’s own', (size: number) => `password:\n${'a'.repeat(size)}:`],
    ['backslashes', (size: number) => `token="${'\\'.repeat(size)}`],
    ['elements', (size: number) => `<password>${'<token>'.repeat(size / 7)}</`],
    ['lines', (size: number) => 'token:\n'.repeat(size / 7)],
    ['escape sequences', (size: number) => '\x1b]0;'.repeat(size / 4)],
    ['controls and line ends', (size: number) => 'a\x1b\n'.repeat(size / 3)],
    ['controls', (size: number) => '\u200b'.repeat(size)],
  ])('all rules together are, for %s', (name, text) => {
    check(name, text, redact)
    check(name, text, line)
  })

  test('a given value is looked for in linear time, whatever it is', () => {
    for (const value of ['a'.repeat(40_000), `${'a'.repeat(40_000)}b`, 'ab'.repeat(20_000)]) {
      const { redact } = createRedactor({ values: [value] })
      check('given', (size) => `${'a'.repeat(size)}c`, redact)
      check('given', (size) => 'ab'.repeat(size / 2), redact)
    }
  })
})

describe.each(['envelopes', 'tools', 'causes'])('the tables of %s', (name) => {
  test('have patterns that are linear', { timeout: 60_000 }, async () => {
    const folder = new URL(`../src/output/${name}/`, import.meta.url)
    const files = readdirSync(folder, { recursive: true }).filter((file) =>
      `${file}`.endsWith('.ts'),
    )
    const modules = await Promise.all(files.map((file) => import(new URL(`${file}`, folder).href)))
    const patterns = [...new Set(modules.flatMap((module) => patternsIn({ ...module })))]
    expect(patterns.length).toBeGreaterThan(0)
    for (const pattern of patterns) {
      const again = new RegExp(pattern.source, pattern.flags.replace('y', ''))
      const work = (text: string) => text.replace(again, '')
      for (const text of hostileTexts(wordsOf(pattern))) check(`${name}: ${pattern}`, text, work)
    }
  })
})

function check(name: string, text: (size: number) => string, work: (text: string) => unknown) {
  const given = text(SIZES.upTo)
  let least = cpuTime(() => work(given))
  if (least >= SLOW) {
    expectLinear(`${name}, ${given.slice(0, 40)}`, (size) => work(text(size)), SIZES)
    for (let n = 0; n < 3 && least >= LONGEST; n += 1) {
      least = Math.min(
        least,
        cpuTime(() => work(given)),
      )
    }
  }
  expect(least, `${name}, ${given.slice(0, 40)}`).toBeLessThan(LONGEST)
}
