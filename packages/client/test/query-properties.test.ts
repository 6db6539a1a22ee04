import { parseQuery, QueryError } from '@launchtail/client/query'
import { expect, it } from 'vitest'
import { ENTRY, LAUNCH, NOW } from '../../../scripts/questions.js'
import { fc } from '../../server/test/support/property.js'
import { humpsOf } from '../src/query/words.js'

/** `LAUNCHTAIL_TEST_TRIES=200000` tries more. */
const TRIES = Number(process.env.LAUNCHTAIL_TEST_TRIES ?? 2000)
const SLOWEST = 50

const pieces = fc.constantFrom(
  ...['AND', 'OR', 'NOT', '-', '(', ')', '"', '\\', '/', ':', ':=', '>=', '<', '..', '*', '?', ' '],
  ...['level:', 'phase:', 'message:', 'progress:', 'timestamp:', 'gpu:', 'spot:', 'lvl:', 'x:'],
  ...['error', 'warn', 'failed', '50', '-2h', 'today', '2026-11-22', 'true', 'OutOfMemory', 'a'],
  ...['/a+/', '/(?=a)/', '/a{200}/', '/[a/', '/a/i', '[', ']', '{', '}', '$', '^', '.', ',', '=>'],
  ...[
    '\u0000',
    '\t',
    '\n',
    '\ud800',
    '\udc00',
    '\u{f0000}',
    'é',
    'e\u0301',
    'ς',
    'İ',
    '加载',
    '🚀',
  ],
)
const texts = fc.oneof(
  { weight: 4, arbitrary: fc.array(pieces, { maxLength: 40 }).map((all) => all.join('')) },
  { weight: 2, arbitrary: fc.array(pieces, { maxLength: 20 }).map((all) => all.join(' ')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
)

it('gives no other error than its own, inside the text and in time, whatever is asked', {
  timeout: 600_000,
}, () => {
  let understood = 0
  let slowest = 0
  fc.assert(
    fc.property(texts, (text) => {
      const begun = performance.now()
      try {
        const query = parseQuery(text)
        query.predicate({ now: NOW })(ENTRY, LAUNCH)
        understood += 1
        if (query.text.length <= 4096) {
          const again = parseQuery(query.text)
          expect(again.expression).toEqual(query.expression)
          expect(again.text).toBe(query.text)
        }
      } catch (error) {
        if (!(error instanceof QueryError)) throw error
        expect(error.column).toBeGreaterThan(0)
        expect(error.column).toBeLessThanOrEqual(Math.max(1, text.length))
        expect(error.end).toBeGreaterThanOrEqual(error.column)
      }
      const took = performance.now() - begun
      slowest = Math.max(slowest, took)
      // On a busy machine, one that seems slow is read again.
      if (took > SLOWEST) expect(quickest(text), text).toBeLessThan(SLOWEST)
    }),
    { numRuns: TRIES },
  )
  console.log(`${TRIES} texts, ${understood} understood, the slowest in ${slowest.toFixed(1)} ms`)
  expect(understood).toBeGreaterThan(TRIES / 20)
})

function quickest(text: string): number {
  const times = [1, 2, 3].map(() => {
    const begun = performance.now()
    try {
      parseQuery(text).predicate({ now: NOW })(ENTRY, LAUNCH)
    } catch {
      // It is how long it takes that counts here.
    }
    return performance.now() - begun
  })
  return Math.min(...times)
}

it('cuts a text that is all ASCII as it cuts any other', () => {
  const letters = fc.constantFrom(...'aabBCd19_- .ABCde')
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 60 }), (all) => {
      const text = all.join('')
      // With a letter at its end that is not ASCII, it is cut by the rules for all languages.
      expect(humpsOf(text)).toEqual(humpsOf(`${text} é`).slice(0, -1))
    }),
    { numRuns: TRIES },
  )
  const base64 = 'aBcDeFgHiJkLmNoPqR'
  expect(humpsOf(`${base64} aBcDe`).map(({ text }) => text)).toEqual([
    ...[base64.toLowerCase(), 'a', 'bc', 'de'],
  ])
})

it('matches a word with wildcards as an expression does', () => {
  const glob = fc.array(fc.constantFrom('a', 'b', '*', '?'), { minLength: 1, maxLength: 8 })
  const word = fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(glob, word, (pieces, letters) => {
      const expression = pieces.join('').replaceAll('*', '[ab]*').replaceAll('?', '[ab]')
      // A star by itself asks for any value.
      fc.pre(pieces.join('') !== '*')
      const query = parseQuery(`message:=${pieces.join('')}`)
      const message = letters.join('')
      const found = query.predicate({ now: NOW })({ ...ENTRY, message }, undefined)
      expect(found).toBe(new RegExp(`^${expression}$`).test(message))
    }),
    { numRuns: TRIES },
  )
})

it('takes a time that grows with the text alone for a pattern that is made to take long', () => {
  const entry = { ...ENTRY, message: `${'a'.repeat(64 * 1024)}!` }
  for (const pattern of ['(a+)+$', '(a|aa)+$', '(x+x+)+y']) {
    const predicate = parseQuery(`/${pattern}/`).predicate({ now: NOW })
    const begun = performance.now()
    expect(predicate(entry, undefined)).toBe(false)
    const took = performance.now() - begun
    console.log(`/${pattern}/ on 64 KiB: ${took.toFixed(0)} ms`)
    expect(took).toBeLessThan(SLOWEST * 20)
  }
})
