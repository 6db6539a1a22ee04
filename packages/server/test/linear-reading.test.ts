import { describe, expect, it } from 'vitest'
import { cleanLine } from '../src/output/clean.js'
import { ENVELOPES } from '../src/output/envelopes/index.js'
import { FORMATS } from '../src/output/formats/index.js'
import { createReader } from '../src/output/interpret/index.js'
import { peel } from '../src/output/peel.js'
import { TOOLS } from '../src/output/tools/index.js'
import { expectLinear } from './support/linear.js'

/** A stage's worst text is one that nearly fits: an example, or its beginning, over and over. */
function worstOf(example: string): string[] {
  const half = example.slice(0, Math.ceil(example.length / 2))
  return [example, half, example.replace(/\S+$/, ''), example.replace(/[A-Za-z]/g, 'a')]
}

function repeated(part: string, size: number): string {
  return part.repeat(Math.ceil(size / Math.max(1, part.length))).slice(0, size)
}

/** So many texts at once that their time can be measured. */
const AT_ONCE = 40
const UP_TO = 64_000

function chunks<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / AT_ONCE) }, (_, i) =>
    all.slice(i * AT_ONCE, (i + 1) * AT_ONCE),
  )
}

describe('reading a hostile line takes time in proportion to its length', () => {
  const examples = [
    ...ENVELOPES.map(({ example }) => example[0]),
    ...FORMATS.flatMap((format) => format.examples.map(([line]) => line)),
    ...TOOLS.flatMap(({ rules, causes }) => [
      ...rules.map(({ example }) => example),
      ...causes.flatMap((row) => row.examples),
    ]),
    ...[' ', '"', '(', '[', ': ', 'error: ', 'a=', 'a="', '\\"', '{"a":', '1% ', '| ', '\t', 'A.'],
  ]
  const parts = [...new Set(examples.flatMap(worstOf))].filter((part) => part !== '')

  it.each(chunks(parts).map((some, i) => [i, some] as const))(
    '(part %i of the tables)',
    (_, some) => {
      expectLinear(
        some.join('\n').slice(0, 2000),
        (size) => {
          for (const part of some) {
            const reader = createReader()
            reader.read({ phase: 'queued', progress: 0 }, cleanLine(repeated(part, size)))
          }
        },
        { upTo: UP_TO },
      )
    },
  )

  it('also where layer stands upon layer', () => {
    const layers = ENVELOPES.map(({ example: [line, inside] }) => line.replace(inside, ''))
    expectLinear('layers', (size) => layers.map((layer) => peel(repeated(layer, size))), {
      upTo: UP_TO,
    })
  })
})

describe('the tables of envelopes and forms', () => {
  it.each(ENVELOPES.map((envelope) => [envelope.name, envelope] as const))(
    'open %s',
    (_, { example: [line, inside], first }) => {
      expect(first).toContain(line[0])
      expect(peel(line).message).toBe(inside)
    },
  )

  it.each(FORMATS.map((format) => [format.name, format] as const))('read %s', (_, format) => {
    for (const [line, level, message] of format.examples) {
      expect(format.first).toContain(line[0])
      expect(peel(line)).toMatchObject({ message })
      expect(peel(line).level).toBe(level)
    }
  })
})
