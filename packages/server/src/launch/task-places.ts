import { isMap, isScalar } from 'yaml'
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
