import { describe, expect, test } from 'vitest'
import { fc } from '../../server/test/support/property.js'
import { plain, UNSEEN } from '../src/protocol/plain.js'

describe('plain text', () => {
  test('loses what acts on a terminal, and keeps what a reader sees', () => {
    expect(plain('\x1b[1;31mred\x1b[0m \x9b2Kline')).toBe('red line')
    expect(plain('\x1b]8;;https://x\x1b\\link\x1b]8;;\x07 \x1b(Bend')).toBe('link end')
    expect(plain('tab\there, ü, 漢, 👩‍💻')).toBe('tab\there, ü, 漢, 👩‍💻')
    expect(plain('to\u202eken \u200bsplit\ufeff \u{e0041}x')).toBe('token split x')
  })

  test('of a string that nothing ends loses the introducer alone', () => {
    expect(plain('\x1b]0;a title')).toBe('0;a title')
  })

  const piece = fc.oneof(
    fc.constantFrom(
      '\x1b',
      '[',
      ']',
      '\x07',
      '\x9c',
      '\x9b',
      '\u202e',
      '\u200b',
      '\n',
      '\t',
      'm',
      ';',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  )
  const hostile = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''))

  test('holds no character that acts, and is plain already when it is made plain again', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const once = plain(text)
        expect(once.replaceAll('\u200c', '').replaceAll('\u200d', '')).not.toMatch(UNSEEN)
        expect(once).not.toMatch(/\n/)
        expect(plain(once)).toBe(once)
      }),
    )
  })
})
