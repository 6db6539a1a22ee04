import { FIELDS, fieldNamed } from './fields.js'

/** The texts that can replace a part of a query. */
export interface Completions {
  /** The offsets between which it is replaced. */
  readonly from: number
  readonly to: number
  readonly options: readonly string[]
}

/** Names of fields, and values where they are few, that go on with what is before the cursor. */
export function complete(text: string, cursor: number): Completions {
  const [, before = '', name = '', comparison = '', value = ''] =
    /(?:^|[\s(-])((?:([a-z]+):([<>]?=?)\(?)?([a-z_]*))$/i.exec(text.slice(0, cursor)) ?? []
  const from = cursor - value.length
  if (name === '') {
    if (before === '') return { from: cursor, to: cursor, options: [] }
    const names = FIELDS.map((field) => `${field.name}:`)
    return { from, to: cursor, options: names.filter((option) => beginsWith(option, value)) }
  }
  const field = fieldNamed(name.toLowerCase())
  const values: readonly string[] = field?.values ?? []
  const isOrdered = comparison !== '' && comparison !== '='
  const options = values.filter(
    (option) =>
      beginsWith(option, value) && !(isOrdered && field?.kind === 'phase' && option === 'failed'),
  )
  return { from, to: cursor, options }
}

function beginsWith(option: string, value: string): boolean {
  return option.startsWith(value.toLowerCase()) && option !== value
}
