import { describe, expect, it } from 'vitest'
import { cleanLine } from '../src/output/clean.js'
import { lineDecoder, type RawLine } from '../src/output/lines.js'
import { fc } from './support/property.js'

function decode(chunks: readonly Uint8Array[], maxBytes?: number): RawLine[] {
  const decoder = lineDecoder(maxBytes === undefined ? {} : { maxBytes })
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()]
}

function texts(text: string): string[] {
  return decode([Buffer.from(text)]).map(({ text, transient }) => (transient ? `~${text}` : text))
}

/** Cuts the bytes at the given places, each a share of the whole. */
function cutAt(bytes: Uint8Array, shares: readonly number[]): Uint8Array[] {
  const places = shares.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b)
  return [0, ...places].map((place, n) => bytes.slice(place, places[n] ?? bytes.length))
}

/** Bytes with many line ends, half characters, BOMs and NULs. */
const output = fc
  .array(
    fc.oneof(
      fc.constantFrom('\n', '\r', '\r\n', '\r\r\n', '\0', '\ufeff', 'ü', '█', '🚀', ' ', 'abc'),
      fc.uint8Array({ maxLength: 4 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => Buffer.concat(parts.map((part) => Buffer.from(part as string))))

const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })

describe('the line decoder', () => {
  it('gives the same lines however the bytes are cut into chunks', () => {
    fc.assert(
      fc.property(output, shares, fc.constantFrom(8, 60_000), (bytes, places, maxBytes) => {
        const whole = decode([bytes], maxBytes)
        expect(decode(cutAt(bytes, places), maxBytes)).toEqual(whole)
        const single = Array.from(bytes, (byte) => Uint8Array.of(byte))
        expect(decode(single, maxBytes)).toEqual(whole)
      }),
      { numRuns: 500 },
    )
  })

  it('has one final line for each line feed, and says where it ends', () => {
    fc.assert(
      fc.property(output, (bytes) => {
        const ends = [...bytes.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1)
        const lines = decode([Buffer.concat([bytes, Buffer.from('\n')])])
        expect(lines.filter((line) => !line.transient).map((line) => line.end)).toEqual([
          ...ends,
          bytes.length + 1,
        ])
      }),
    )
  })

  it('takes a line feed, with or without carriage returns before it, as one end', () => {
    expect(texts('a\nb\r\nc\r\r\nd')).toEqual(['a', 'b', 'c', 'd'])
    expect(texts('\n\r\n')).toEqual(['', ''])
  })

  it('calls what a carriage return ends transient', () => {
    expect(texts('0%\r50%\r100%\r\ndone\n')).toEqual(['~0%', '~50%', '100%', 'done'])
    expect(texts('\r 0%\r 50%\n')).toEqual(['~ 0%', ' 50%'])
  })

  it('keeps the last state of a bar when the output ends behind it', () => {
    expect(texts('0%\r99%\r')).toEqual(['~0%', '99%'])
  })

  it('waits for the byte behind a carriage return', () => {
    const decoder = lineDecoder()
    expect(decoder.push(Buffer.from('100%\r'))).toEqual([])
    expect(decoder.push(Buffer.from('\n'))).toEqual([{ text: '100%', transient: false, end: 6 }])
    expect(decoder.push(Buffer.from('1%\r'))).toEqual([])
    expect(decoder.push(Buffer.from('2%'))).toEqual([{ text: '1%', transient: true, end: 9 }])
    expect(decoder.end()).toEqual([{ text: '2%', transient: false, end: 11 }])
  })

  it('joins characters that are cut in two, and replaces invalid bytes', () => {
    const rocket = Buffer.from('🚀\n')
    expect(decode([rocket.subarray(0, 2), rocket.subarray(2)])[0]?.text).toBe('🚀')
    expect(decode([Buffer.from([0x61, 0xff, 0xc3, 0x0a])])[0]?.text).toBe('a\ufffd\ufffd')
  })

  it('drops the byte order mark at the start, and NULs everywhere', () => {
    expect(texts('\ufeffa\0b\n\ufeffc\n')).toEqual(['ab', '\ufeffc'])
  })

  it('cuts a line that is too long, and says how much is left out', () => {
    const [line] = decode([Buffer.from(`${'x'.repeat(100)}\n`)], 64)
    expect(line).toEqual({
      text: `${'x'.repeat(64)} … [cut: 36 bytes left out]`,
      transient: false,
      end: 101,
    })
  })

  it('cuts between characters, and before a word where one begins just there', () => {
    expect(decode([Buffer.from('ü'.repeat(50))], 65)[0]?.text).toBe(
      `${'ü'.repeat(32)} … [cut: 36 bytes left out]`,
    )
    const words = `${'x'.repeat(59_990)} hf_${'a'.repeat(40)}`
    expect(decode([Buffer.from(words)])[0]?.text).toBe(
      `${'x'.repeat(59_990)} … [cut: 44 bytes left out]`,
    )
  })

  it('counts an invalid byte as the three bytes it becomes', () => {
    const [line] = decode([Buffer.alloc(30_000, 0xff)])
    expect(Buffer.byteLength(line?.text ?? '')).toBeLessThan(60_100)
    expect(line?.text).toContain('[cut: 30000 bytes left out]')
  })

  it('keeps no more of an endless line than it will give', () => {
    const decoder = lineDecoder()
    const chunk = Buffer.alloc(1 << 20, 'x')
    const before = process.memoryUsage().arrayBuffers
    for (let n = 0; n < 256; n++) expect(decoder.push(chunk)).toEqual([])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20)
    const [line] = decoder.push(Buffer.from('\n'))
    expect(line?.text).toMatch(/^x{60000} … \[cut: 268375456 bytes left out\]$/)
    expect(decoder.push(Buffer.from('next\n'))).toEqual([
      { text: 'next', transient: false, end: (256 << 20) + 6 },
    ])
  })
})

describe('cleaning a line', () => {
  it('removes colours, cursor movements and other escapes', () => {
    expect(cleanLine('\x1b[1;36m⚙︎ Launching\x1b[0m on \x1b[4mGCP\x1b[24m.\x1b[K').text).toBe(
      '⚙︎ Launching on GCP.',
    )
    expect(cleanLine('\x1b(Ba\x1b=b\x1b7c\x9b31md').text).toBe('abcd')
  })

  it('removes titles, links, and what would write to the clipboard', () => {
    expect(cleanLine('\x1b]0;title\x07a').text).toBe('a')
    expect(cleanLine('\x1b]8;;http://x.test\x1b\\link\x1b]8;;\x1b\\').text).toBe('link')
    expect(cleanLine('\x1b]52;c;aGVsbG8=\x07b\x1bPq#0\x1b\\c').text).toBe('bc')
  })

  it('leaves no control character and no bidirectional override, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom('\x1b', '\x1b[', '\x1b]', '\x9d', '\x9b', '\x07', '\x1b\\', '\u202e'),
            fc.constantFrom('<sky-payload>', '</sky-payload>', '"', '\\u001b', '\ud800', 'm', ' '),
            fc.string({ unit: 'binary', maxLength: 3 }),
          ),
        ),
        (parts) => {
          const { text, spinner = '' } = cleanLine(parts.join(''))
          expect(text + spinner).not.toMatch(
            /[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/u,
          )
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('keeps tabs, leading blanks and brackets, and trims the end', () => {
    expect(cleanLine('  \tFile "x", [bold] 50%  \t ').text).toBe('  \tFile "x", [bold] 50%')
  })

  it('reads the spinner out of a payload, without its markup', () => {
    const payload = (inner: string) => `<sky-payload>${JSON.stringify(inner)}</sky-payload>`
    expect(
      cleanLine(payload('<rich_update>[bold cyan]Launching[/] [dim]on\nGCP[/dim]</rich_update>')),
    ).toEqual({ text: '', spinner: 'Launching on GCP' })
    expect(cleanLine(`a${payload('<rich_init>x</rich_init>')}b`)).toEqual({
      text: 'ab',
      spinner: 'x',
    })
  })

  it('keeps what the last payload of a line said', () => {
    const line = ['a', 'b'].map(
      (text) => `<sky-payload>"<rich_update>${text}</rich_update>"</sky-payload>`,
    )
    expect(
      cleanLine(`${line.join('')}<sky-payload>"<rich_stop></rich_stop>"</sky-payload>`),
    ).toEqual({
      text: '',
      spinner: 'b',
    })
  })

  it('takes a payload that says nothing as a heartbeat', () => {
    for (const inner of ['<heartbeat></heartbeat>', '<rich_stop></rich_stop>', '']) {
      expect(cleanLine(`<sky-payload>${JSON.stringify(inner)}</sky-payload>`)).toEqual({
        text: '',
        heartbeat: true,
      })
    }
    expect(cleanLine('')).toEqual({ text: '' })
  })

  it('keeps a payload that is not closed as it stands', () => {
    expect(cleanLine('<sky-payload>"<rich_update>x').text).toBe('<sky-payload>"<rich_update>x')
  })
})
