import { expect, test } from 'vitest'
import { shorten } from '../src/protocol/shorten.js'

const VERSIONS = Array.from({ length: 300 }, (_, i) => `0.${i}.0`)
const PIP = 'ERROR: Could not find a version that satisfies the requirement vllm==9.9'

test('a list of 300 versions loses its middle', () => {
  const short = shorten(`${PIP} (from versions: ${VERSIONS.join(', ')})`)
  expect(short.length).toBeLessThanOrEqual(300)
  expect(short.length).toBeGreaterThan(250)
  expect(short).toMatch(
    /vllm==9\.9 \(from versions: 0\.0\.0, 0\.1\.0, [\d., ]+, … 0\.\d+\.0, [\d., ]+, 0\.299\.0\)$/,
  )
})

test('what comes behind a list stays', () => {
  const short = shorten(`${PIP} (from ${VERSIONS.join(', ')}); ask for one of these`)
  expect(short.length).toBeLessThanOrEqual(300)
  expect(short).toMatch(/; ask for one of these$/)
})

test.each(['x'.repeat(400), 'a word, '.repeat(3) + 'y'.repeat(400), '😀'.repeat(200)])(
  'a long text without a long list loses its end (%#)',
  (text) => {
    const short = shorten(text)
    expect(short.length).toBeLessThanOrEqual(300)
    expect(short.endsWith('…')).toBe(true)
    expect(short.isWellFormed()).toBe(true)
  },
)

test('a short text stays as it is', () => {
  expect(shorten(' It broke, badly ')).toBe('It broke, badly')
  expect(shorten('x'.repeat(300))).toBe('x'.repeat(300))
})
