import type { AnyValue, Attributes, Fields } from '../model.js'

/** A value as text: what is no text is shown as JSON. */
export function textOf(value: AnyValue | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  return typeof value === 'object' ? JSON.stringify(plainOf(value)) : String(value)
}

/** The text of the attribute of this name; undefined where it has none or is empty. */
export function attributeOf(attributes: Attributes, name: string): string | undefined {
  const found = attributes.find(([key]) => key === name)
  return found ? textOf(found[1]) || undefined : undefined
}

/** True for a map. */
export function isFields(value: AnyValue | undefined): value is Fields {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array)
}

function plainOf(value: AnyValue | undefined): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(plainOf)
  if (typeof value !== 'object') return value
  return Object.fromEntries(value.fields.map(([key, one]) => [key, plainOf(one)]))
}
