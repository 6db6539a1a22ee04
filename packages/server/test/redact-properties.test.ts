/** What holds for redaction whatever it is given. */
import { expect, test } from 'vitest'
import { bodyRedactor } from '../src/ingest/cut-line.js'
import { cleanLine } from '../src/output/clean.js'
import { lineDecoder } from '../src/output/lines.js'
import { createRedactor, RULES } from '../src/output/redact/index.js'
import { cpuTime } from './support/linear.js'
import { fc } from './support/property.js'
import { KNOWN, PROVIDERS, random, writtenForms } from './support/secrets.js'

const VALUE = `cor/rect "horse" & <it's>+${random(12)}`
const SECRETS = [...Object.values({ ...KNOWN, ...PROVIDERS, ...writtenForms(VALUE) })]
const redactor = createRedactor({ values: [VALUE] })
const RUNS = { numRuns: 2000 }

const secret = fc.constantFrom(...SECRETS)
/** A word’s end, behind which a token is one. */
const begin = fc.constantFrom(' ', '"', '=', ':', '\n', '(', '\\n', '%3D')
const end = fc.constantFrom(' ', '"', ',', ')', '\n', '&', '<')
/** What is around secrets, and what tells them. */
const piece = fc.oneof(
  fc.constantFrom(...RULES.flatMap(({ hints }) => hints)),
  fc.constantFrom('password', 'token=', '"api_key": "', '<secret>', '-----BEGIN PRIVATE KEY-----'),
  fc.constantFrom(
    ' ',
    '\n',
    '\r',
    '"',
    "'",
    '\\',
    '=',
    ':',
    '@',
    '://',
    '***',
    '\u200b',
    '\x1b[1m',
  ),
  // An escape that nothing ends would take a token's first character with it.
  fc.string({ unit: 'binary', maxLength: 8 }).map((text) => text.replace(/[\x1b\x80-\x9f]/g, '')),
  fc.string({ maxLength: 12 }),
)
const text = fc
  .array(
    fc.oneof(
      piece,
      piece,
      piece,
      fc.tuple(begin, secret, end).map((all) => all.join('')),
    ),
    { maxLength: 24 },
  )
  .map((all) => all.join(''))

test('no text makes it fail, or is slow however often it is repeated', () => {
  fc.assert(
    fc.property(text, (unit) => {
      const { line } = createRedactor({ values: [VALUE] })
      expect(typeof redactor.redact(unit) + typeof line(unit)).toBe('stringstring')
      if (unit === '') return
      const long = unit.repeat(Math.ceil(16_000 / unit.length))
      let took = Number.POSITIVE_INFINITY
      // Another process can only make it look slower.
      for (let n = 0; n < 4 && took > 50; n += 1) took = cpuTime(() => line(long))
      expect(took).toBeLessThan(50)
    }),
    RUNS,
  )
}, 120_000)

test('no known secret is left in any text', () => {
  fc.assert(
    fc.property(text, (given) => {
      const once = redactor.redact(given)
      for (const shown of SECRETS) expect(once).not.toContain(shown)
    }),
    RUNS,
  )
})

test('no cut into chunks lets a secret through', () => {
  const plain = fc.string({ unit: fc.constantFrom(...'abc xyz.,;()[]'), maxLength: 20 })
  fc.assert(
    fc.property(
      plain,
      secret,
      plain,
      fc.array(fc.nat(200), { maxLength: 6 }),
      (a, hidden, b, cuts) => {
        const bytes = Buffer.from(`${a} ${hidden} ${b}\n`)
        const at = [0, ...cuts.map((cut) => cut % bytes.length).sort((x, y) => x - y), bytes.length]
        const decoder = lineDecoder()
        const { line } = createRedactor({ values: [VALUE] })
        const lines = at.flatMap((from, n) =>
          decoder
            .push(bytes.subarray(from, at[n + 1] ?? from))
            .map((raw) => line(cleanLine(raw.text).text)),
        )
        expect(lines).toHaveLength(1)
        expect(lines[0]).toContain('***')
        expect(lines[0]).not.toContain(hidden)
        expect(lines[0]).not.toContain(hidden.slice(-12))
      },
    ),
    RUNS,
  )
})

test('no cut into bodies lets a secret through', () => {
  const plain = fc.string({ unit: fc.constantFrom(...'abc xyz.,;()[]'), maxLength: 20 })
  fc.assert(
    fc.property(
      plain,
      fc.constantFrom(VALUE, ...Object.values(KNOWN)),
      plain,
      fc.nat(200),
      (a, hidden, b, cut) => {
        const whole = `${a} ${hidden} ${b}`
        const at = a.length + 1 + (cut % hidden.length)
        const first = bodyRedactor(redactor, '')
        first.lastLine()
        const head = first.line(whole.slice(0, at))
        const tail = bodyRedactor(redactor, first.end()).line(whole.slice(at))
        expect(head + tail).not.toContain(hidden)
        expect(tail).not.toContain(hidden.slice(-12))
        // Of a token, no more than tells what it is.
        expect(head).not.toContain(hidden.slice(0, 14))
      },
    ),
    RUNS,
  )
})

test('no mark that is not shown lets a secret through', () => {
  const marks = fc.constantFrom(
    '\u200b',
    '\u200d',
    '\u202e',
    '\ufeff',
    '\u00ad',
    '\x1b[1m',
    '\x9b0m',
    '\x1b]8;;\x07',
    '\r',
    '\0',
    '\ufe0f',
  )
  fc.assert(
    fc.property(
      secret,
      fc.array(fc.tuple(fc.nat(200), marks), { minLength: 1, maxLength: 5 }),
      (hidden, all) => {
        let text = hidden
        for (const [place, mark] of all) {
          const at = place % text.length
          text = text.slice(0, at) + mark + text.slice(at)
        }
        // A mark within another one's sequence leaves a rest of it that is shown.
        if (cleanLine(text).text.replace(/\u200d|\u00ad|\ufe0f/g, '') !== hidden) return
        expect(redactor.redact(`x ${text} y`)).toContain('***')
        expect(redactor.redact(`x ${text} y`)).not.toContain(hidden.slice(-8))
      },
    ),
    RUNS,
  )
})
