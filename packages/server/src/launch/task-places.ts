import { isMap, isScalar, visit } from 'yaml'
import { readYaml, scalarsIn } from './task-yaml.js'

/** The place of a variable's value in a task's text. */
export interface ValuePlace {
  readonly field: 'envs' | 'secrets'
  readonly name: string
  readonly from: number
  readonly to: number
}

/**
 * The places of the values of a valid task's variables, and the end of the key `secrets`. The place
 * of an alias is that of its anchor.
 */
export function placesIn(text: string): { values: ValuePlace[]; secrets: number } {
  const document = readYaml(text)
  const values = (['envs', 'secrets'] as const).flatMap((field) =>
    scalarsIn(document, field).flatMap(({ name, value: { range } }) =>
      range && range[0] < range[1] ? [{ field, name, from: range[0], to: range[1] }] : [],
    ),
  )
  const items = isMap(document.contents) ? document.contents.items : []
  const key = items.map(({ key }) => key).find((key) => isScalar(key) && key.value === 'secrets')
  return { values, secrets: (isScalar(key) && key.range?.[1]) || 0 }
}

/** A single value that is written otherwise than it is read: with escapes, or over several lines. */
export interface WrittenValue {
  readonly value: string
  readonly from: number
  readonly to: number
}

/** The single values, keys among them, of a task's text that a search of the text would not find. */
export function escapedIn(text: string): WrittenValue[] {
  const found: WrittenValue[] = []
  visit(readYaml(text), {
    Scalar(_, { value, range, type }) {
      if (typeof value !== 'string' || !range) return
      const [from, to] = range
      const source = text.slice(from, to)
      // A block is shown line by line, and its lines are as they are written.
      if (type === 'BLOCK_LITERAL' || source.includes(value)) return
      found.push({ value, from, to })
    },
  })
  return found
}
