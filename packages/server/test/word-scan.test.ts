import { describe, expect, it } from 'vitest'
import { maySayWhy, WORRYING } from '../src/output/causes/worrying.js'
import { createWordScan, type ScannedWords } from '../src/output/word-scan.js'
import { fc } from './support/property.js'

/** What the scan has to find, as an expression. */
function expressionOf({ within, whole = [], ending = [] }: ScannedWords): RegExp {
  const any = (words: readonly string[]) => `(?:${[...words, '(?!)'].join('|')})`
  return new RegExp(`${any(within)}|\\b${any(whole)}\\b|${any(ending)}\\b`, 'i')
}

describe('the scan for words', () => {
  it('finds just what an expression of the same words finds', () => {
    const word = fc.string({ unit: fc.constantFrom(...'abc1'), minLength: 1, maxLength: 4 })
    const lists = fc.record({
      within: fc.array(word, { maxLength: 4 }),
      whole: fc.array(word, { maxLength: 3 }),
      ending: fc.array(word, { maxLength: 3 }),
    })
    const text = fc.string({ unit: fc.constantFrom(...'aAbBcC12_ -é\u212aſ'), maxLength: 12 })
    fc.assert(
      fc.property(lists, fc.array(text, { maxLength: 8 }), (words, texts) => {
        const scan = createWordScan(words)
        const when = expressionOf(words)
        for (const one of texts) expect([one, scan(one)]).toEqual([one, when.test(one)])
      }),
      { numRuns: 2000 },
    )
  })

  it('finds the words that a cause may stand beside, within other text and alone', () => {
    const when = expressionOf(WORRYING)
    const word = fc.constantFrom(...Object.values(WORRYING).flat())
    const between = fc.string({ unit: fc.constantFrom(...' -_.:aeinorst045'), maxLength: 6 })
    const line = fc.array(fc.oneof(word, between), { maxLength: 4 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(line, (text) => {
        expect([text, maySayWhy(text)]).toEqual([text, when.test(text)])
      }),
      { numRuns: 5000 },
    )
  })

  it('takes a word of one list that begins within a word of another', () => {
    const scan = createWordScan({ within: ['bcd'], whole: ['abce'] })
    expect(['abcd', 'xabcd', 'abc', 'abce', 'xabce', 'abce.'].map(scan)).toEqual([
      ...[true, true, false, true, false, true],
    ])
  })
})
