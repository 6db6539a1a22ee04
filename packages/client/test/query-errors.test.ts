import { parseQuery, QueryError } from '@launchtail/client/query'
import { describe, expect, it } from 'vitest'

/** A query, and the whole message about what is wrong with it. */
const ERRORS: readonly (readonly [string, string])[] = [
  ['lvl:error', "column 1: there is no field 'lvl'; did you mean 'level'?"],
  ['a msg:x', "column 3: there is no field 'msg'; did you mean 'message'?"],
  ['severity:error', "column 1: there is no field 'severity'; did you mean 'level'?"],
  ['zone:us-west-2', "column 1: there is no field 'zone'; did you mean 'region'?"],
  ['cloud:gcp', "column 1: there is no field 'cloud'; did you mean 'provider'?"],
  ['progres:50', "column 1: there is no field 'progres'; did you mean 'progress'?"],
  [
    'see http://example',
    "column 5: there is no field 'http'; to search for the text, put it in quotes",
  ],
  ['level:warning', "column 7: 'warning' is not a level; did you mean 'warn'?"],
  ['level:(error OR warning)', "column 17: 'warning' is not a level; did you mean 'warn'?"],
  ['level:error,eror', "column 13: 'eror' is not a level; did you mean 'error'?"],
  ['level:xyz', "column 7: 'xyz' is not a level; it is one of debug, info, warn, error"],
  [
    'level:err*',
    "column 7: wildcards are for words; 'level' takes one of debug, info, warn, error",
  ],
  ['phase:loading', "column 7: 'loading' is not a phase; did you mean 'model_loading'?"],
  [
    'phase:>failed',
    "column 8: 'failed' has no place in the order of the phases; write phase:failed",
  ],
  [
    'phase:queued..failed',
    "column 15: 'failed' has no place in the order of the phases; write phase:failed",
  ],
  ['progress:abc', "column 10: 'abc' is not a number; write progress:>=50 or progress:50..80"],
  ['progress:>', "column 1: 'progress:' has no value; write 'progress:*' for any value"],
  ['timestamp:>yesterdy', "column 12: 'yesterdy' is not a time; did you mean 'yesterday'?"],
  [
    'timestamp:>=soon',
    "column 13: 'soon' is not a time; it is 2026-01-15T10:30:00Z, a day such as 2026-01-15, today, yesterday, now, or -2h for two hours ago",
  ],
  [
    'timestamp:-2h',
    'column 11: nothing happens exactly then; write timestamp:>=-2h for what came since',
  ],
  ['spot:yes', "column 6: 'yes' is not a value of 'spot'; did you mean 'true'?"],
  [
    'status:>failed',
    "column 9: 'status' has no order and no ranges; write status:launching or status:active or status:failed or status:terminated",
  ],
  ['gpu:>A100', "column 6: 'gpu' has no order and no ranges; put text in quotes"],
  ['model:a..b', "column 7: 'model' has no order and no ranges; put text in quotes"],
  ['level:>/x/', "column 8: a pattern cannot be compared; write level:/pattern/ without '>'"],
  ['level:>=warn..error', "column 9: a range needs no '>='; write level:a..b"],
  ['(foo', 'column 1: this bracket is never closed; add a ) at the end, or put it in quotes'],
  ['a (b (c)', 'column 3: this bracket is never closed; add a ) at the end, or put it in quotes'],
  ['foo)', 'column 4: this bracket was never opened; remove it, or put it in quotes'],
  [
    'a "foo',
    'column 3: this quote is never closed; add a " at the end, or write \\" for the character',
  ],
  [
    'foo AND',
    'column 5: AND needs something after it; to search for the word, write "AND" in quotes',
  ],
  [
    '(a OR )',
    'column 4: OR needs something after it; to search for the word, write "OR" in quotes',
  ],
  ['NOT', 'column 1: NOT needs something after it; to search for the word, write "NOT" in quotes'],
  [
    'OR foo',
    'column 1: OR needs something before it; to search for the word, write "OR" in quotes',
  ],
  [
    '(OR foo)',
    'column 1: OR needs something before it; to search for the word, write "OR" in quotes',
  ],
  ['a AND OR b', 'column 3: AND and OR cannot stand next to each other; remove one of them'],
  ['()', 'column 1: there is nothing in this bracket; remove it, or put it in quotes'],
  ['"a"b', "column 4: a blank is missing before 'b'"],
  ['a\\', 'column 2: a backslash needs a character after it; write \\\\ for the character itself'],
  ['a =>', 'column 3: only words can be found here; for punctuation write a pattern, such as /=>/'],
  ['""', 'column 1: there is nothing in these quotes; write -field:* for entries without a value'],
  [
    'x /a(?=b)/',
    "column 5: patterns are RE2, which has no look-around ('(?='); write several words or patterns instead",
  ],
  [
    '/(a)\\1/',
    "column 5: patterns are RE2, which has no back references ('\\1'); write several words or patterns instead",
  ],
  [
    '/a/x',
    "column 4: 'x' are not flags of a pattern, which are i, m and s; a path is written in quotes",
  ],
  [
    '/opt/hub',
    "column 6: 'hub' are not flags of a pattern, which are i, m and s; a path is written in quotes",
  ],
  ['/a{1,101}/', "column 3: '{1,101}' repeats too often; at most 100 times"],
]

describe('a query that cannot be understood', () => {
  for (const [query, message] of ERRORS) {
    it(`${query} is refused: ${message}`, () => {
      expect(messageOf(query)).toBe(message)
    })
  }

  it('tells where what is wrong begins and ends', () => {
    const error = errorOf('a level:warning b')
    expect(error).toMatchObject({ column: 9, end: 16 })
    expect('a level:warning b'.slice(error.column - 1, error.end - 1)).toBe('warning')
  })
})

describe('the limits', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      '4096 characters',
      'a'.repeat(4096),
      'column 4097: a query has at most 4096 characters; this one has 4097',
    ],
    [
      '128 words',
      'a '.repeat(128),
      'column 257: a query has at most 128 words, values and patterns',
    ],
    ['8 patterns', '/a/ '.repeat(8), 'column 33: a query has at most 8 patterns'],
    ['16 stars', '*a'.repeat(16), 'column 1: a word has at most 16 of the wildcard *'],
  ]
  for (const [name, query, message] of cases) {
    it(`allow ${name}, and not one more`, () => {
      expect(() => parseQuery(query)).not.toThrow()
      expect(
        messageOf(query + (name.endsWith('patterns') ? '/a/' : name.endsWith('stars') ? '*' : 'a')),
      ).toBe(message)
    })
  }

  it('allow brackets and NOT to a depth of 32', () => {
    expect(() => parseQuery(nested(32))).not.toThrow()
    expect(messageOf(nested(33))).toBe(
      'column 33: brackets and NOT are nested too deeply; at most 32 of them may be open at a time',
    )
    expect(() => parseQuery(`${'NOT '.repeat(32)}a`)).not.toThrow()
    expect(messageOf(`${'NOT '.repeat(33)}a`)).toMatch(/nested too deeply/)
  })

  it('allow patterns of 512 characters', () => {
    expect(() => parseQuery(`/${'a'.repeat(512)}/`)).not.toThrow()
    expect(messageOf(`/${'a'.repeat(513)}/`)).toBe('column 1: a pattern has at most 512 characters')
  })

  it('refuse what is nested without end in a moment', () => {
    for (const hostile of ['('.repeat(4096), '(a OR '.repeat(600), 'NOT '.repeat(1024)]) {
      const begun = performance.now()
      expect(messageOf(hostile)).toMatch(/nested too deeply/)
      expect(performance.now() - begun).toBeLessThan(200)
    }
  })
})

function nested(depth: number): string {
  return `${'('.repeat(depth)}a${')'.repeat(depth)}`
}

function messageOf(query: string): string {
  return errorOf(query).message
}

function errorOf(query: string): QueryError {
  try {
    parseQuery(query)
  } catch (error) {
    if (error instanceof QueryError) return error
    throw error
  }
  throw new Error(`it was understood: ${query}`)
}
