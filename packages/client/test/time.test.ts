import { expect, test } from 'vitest'
import { fc } from '../../server/test/support/property.js'
import { formatDuration, parseDuration } from '../src/protocol/time.js'

test.each([
  [0, {}, '0s'],
  [2500, {}, '2.5s'],
  [90_000, {}, '1m30s'],
  [5_400_000, {}, '1h30m'],
  [7_200_000, {}, '2h'],
  [90_061_000, {}, '1d1h1m1s'],
  [4499, { decimals: 0 }, '4s'],
  [7349, { decimals: 1 }, '7.3s'],
  [59_999, { decimals: 0 }, '1m'],
  [59_999, { decimals: 1 }, '1m'],
  [65 * 60_000 + 29_999, { parts: 2 }, '1h5m'],
  [3 * 86_400_000 + 4.4 * 3_600_000, { parts: 2 }, '3d4h'],
  [86_400_000 - 1000, { parts: 2 }, '1d'],
])('%d ms with %j is written %s', (ms, format, text) => {
  expect(formatDuration(ms, format)).toBe(text)
})

test('every duration that is written is read back, to the second from a minute on', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 10 }), (ms) => {
      const exact = ms < 60_000 ? ms : Math.round(ms / 1000) * 1000
      expect(parseDuration(formatDuration(ms))).toBe(exact)
    }),
  )
})

test('a duration of few parts is as long as it is written, to the smallest part', () => {
  const options = {
    parts: fc.integer({ min: 1, max: 4 }),
    decimals: fc.integer({ min: 0, max: 3 }),
  }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 10 }), fc.record(options), (ms, format) => {
      const text = formatDuration(ms, format)
      expect(text.split(/(?<=[a-z])(?=\d)/).length).toBeLessThanOrEqual(format.parts)
      expect(Math.abs((parseDuration(text) ?? Number.NaN) - ms)).toBeLessThanOrEqual(ms / 2 + 500)
    }),
  )
})
