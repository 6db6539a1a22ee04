import { LEVELS, type LogEntry, PHASES } from '@launchtail/client/protocol'
import { describe, expect, it } from 'vitest'
import { oneLine, readEntry, writeEntry } from '../src/logs/entry-text.js'
import { eventsOf } from '../src/logs/events.js'
import { OwnEntry, readOwn } from '../src/logs/own-entry.js'
import { fc } from './support/property.js'

const TIMES = [
  ...[
    '2026-11-27T10:00:00Z',
    '2026-02-29T10:00:00Z',
    '2024-02-29T10:00:00Z',
    '1969-12-31T23:59:59Z',
  ],
  ...['2026-04-31T00:00:00Z', '2026-12-31T23:59:59.999999999Z', '2026-11-27T24:00:00Z', 'now', ''],
  ...['2026-11-27T10:00:00.1234567891Z', '2026-11-27T10:00:00+00:00', '9999-12-31T23:59:59.5Z'],
]
const MARKS = [
  '\0',
  '\b',
  '\t',
  '\n',
  '\v',
  '\f',
  '\r',
  '\x1b',
  '\x7f',
  '\x85',
  '\u2028',
  '\u2029',
  '😀',
]
const HALVES = ['\ud83d', '\ude00']
const part = fc.oneof(
  fc.string(),
  fc.constantFrom('"', '\\', '/', '\\u0041', 'é', ...MARKS, ...HALVES),
)
const text = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''))
const progress = fc.oneof(
  fc.constantFrom(0, -0, 100, 0.1, 62.5, 99.99999, 100.5, -1, 1e-7, 1e21, 33.3333),
  fc.double({ min: 0, max: 100, noNaN: true }),
)
const entry = fc.record(
  {
    timestamp: fc.constantFrom(...TIMES),
    level: fc.constantFrom(...LEVELS),
    message: text,
    phase: fc.constantFrom(...PHASES),
    progress,
    details: text,
  },
  { requiredKeys: ['timestamp', 'level', 'message', 'phase'] },
)

/** The same entry as no text was ever read for it. */
const copied = (own: LogEntry): LogEntry => ({ ...own })

describe('an entry that this server has written', () => {
  it('is written as JSON writes it, without line ends of other programs', () => {
    fc.assert(
      fc.property(entry, (given) => {
        const { timestamp, level, message, phase, progress, details } = given
        const fields = { timestamp, level, message, phase, progress, details }
        expect(writeEntry(given)).toBe(oneLine(fields))
      }),
    )
  })

  it('is read from its text as any other reader of JSON reads it', () => {
    fc.assert(
      fc.property(entry, (given) => {
        const written = writeEntry(given)
        const own = readOwn(written)
        if (!own) return
        expect(copied(own)).toEqual(JSON.parse(written))
        expect(Object.keys(own)).toEqual(Object.keys(JSON.parse(written)))
      }),
    )
  })

  it('is sent as it would be if it were written again', () => {
    fc.assert(
      fc.property(entry, (given) => {
        const read = readEntry(writeEntry(given)) as LogEntry
        if (read.phase === undefined || read.timestamp === undefined) return
        expect(writeEntry(read)).toBe(writeEntry(copied(read)))
        expect(eventsOf(read)).toEqual(eventsOf(copied(read)))
      }),
    )
  })

  it('is known as such in nearly every case', () => {
    const usual: LogEntry = {
      ...{ timestamp: '2026-11-30T10:00:00.123456789Z', level: 'error', phase: 'model_loading' },
      ...{ message: 'a "word" \\ and\ttabs 😀 \x1b[31m\u2028', progress: 62.5, details: 'é\r\nü' },
    }
    const { progress: _, ...without } = usual
    for (const one of [usual, without, { ...without, progress: 0 }]) {
      expect(readOwn(writeEntry(one))).toBeInstanceOf(OwnEntry)
    }
  })

  it.each([
    [
      'another order',
      '{"level":"info","timestamp":"2026-11-27T10:00:00Z","message":"m","phase":"queued"}',
    ],
    [
      'a blank',
      '{"timestamp":"2026-11-27T10:00:00Z", "level":"info","message":"m","phase":"queued"}',
    ],
    [
      'an escape that is needless',
      oneLine({ timestamp: TIMES[0], level: 'info', message: 'x', phase: 'queued' }).replace(
        '"x"',
        '"\\u0041"',
      ),
    ],
    [
      'half a character',
      `{"timestamp":"${TIMES[0]}","level":"info","message":"\ud83d","phase":"queued"}`,
    ],
    [
      'empty details',
      `{"timestamp":"${TIMES[0]}","level":"info","message":"m","phase":"queued","details":""}`,
    ],
    [
      'a number in another form',
      `{"timestamp":"${TIMES[0]}","level":"info","message":"m","phase":"queued","progress":62.50}`,
    ],
    [
      'a day that there is not',
      `{"timestamp":"2026-02-30T10:00:00Z","level":"info","message":"m","phase":"queued"}`,
    ],
    [
      'more behind it',
      `{"timestamp":"${TIMES[0]}","level":"info","message":"m","phase":"queued"}\n`,
    ],
  ])('is not what another program wrote with %s', (_, written) => {
    expect(readOwn(written)).toBeUndefined()
  })
})
